// The organizations that one can see.
import * as api from '../api.js';
import {dialog} from '../parts/dialog.js';
import {h, short} from '../parts/dom.js';
import {field, form} from '../parts/form.js';
import {load} from '../parts/notice.js';
import {timeAgo} from '../parts/time.js';
import {go, heading, to} from '../router.js';
import {session} from '../session.js';
import {t} from '../texts.js';

/** @import {Organization} from '../types.js' */

/** @type {import('../types.js').View} */
export async function organizationsView({main, left}) {
    const place = h('div');
    main.append(heading(t.organizations.title, session.rights.createOrganizations &&
        h('button', {type: 'button', class: 'primary', on: {click: create}}, t.organizations.create)), place);
    await load(place, api.organizations, (list) => list.length === 0
        ? h('p', {class: 'quiet'}, t.organizations.empty)
        : h('ul', {class: 'rows card'}, list.map((each) => h('li', {}, h('div', {},
            h('a', {href: to('organization', {id: each.id})}, h('b', {}, short(each.display_name || each.name))), ' ',
            each.is_default && h('span', {class: 'badge'}, t.organizations.default),
            h('p', {class: 'quiet'}, short([each.name, each.description].filter(Boolean).join(' · '), 160), ' · ',
                `${t.organizations.created} `, timeAgo(each.created_at)))))), left);
}

/**
 * The fields of an organization; those that the server's release does not tell about begin empty.
 * @param {Partial<Organization>} now
 */
export function organizationFields(now) {
    return [
        field('name', t.organizations.name, {required: true, value: now.name ?? '', spellcheck: false}),
        field('display_name', t.organizations.displayName, {value: now.display_name ?? ''}),
        field('description', t.organizations.description, {value: now.description ?? ''}),
        field('icon', t.organizations.icon, {value: now.icon ?? ''}),
    ];
}

function create() {
    return dialog(t.organizations.create, (close) => {
        const fields = organizationFields({});
        return [form({
            fields,
            submit: t.organizations.submit,
            cancel: close,
            send: async () => {
                const made = await api.createOrganization(
                    Object.fromEntries(fields.map((each) => [each.name, each.input.value])));
                close();
                await go(to('organization', {id: made.id}));
            },
        })];
    });
}
