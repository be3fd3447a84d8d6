// One organization: what it is called, and who is in it.
import * as api from '../api.js';
import {ask} from '../parts/dialog.js';
import {fill, h, short} from '../parts/dom.js';
import {field, form} from '../parts/form.js';
import {failure, load, notice} from '../parts/notice.js';
import {pager, pageSize} from '../parts/pager.js';
import {roleText} from '../parts/roles.js';
import {changeOrganizationRoles} from '../parts/user_actions.js';
import {go, heading, to} from '../router.js';
import {session} from '../session.js';
import {t} from '../texts.js';
import {organizationFields} from './organizations.js';
import {section} from './user.js';

/** @import {Organization, Member, Question} from '../types.js' */

/** @typedef {{update: boolean, remove: boolean, members: boolean, roles: boolean}} OrganizationRights */

/** @type {import('../types.js').View} */
export async function organizationView({main, address, left}) {
    const id = address.searchParams.get('id') ?? 'default';
    const place = h('div');
    main.append(place);
    await load(place, async () => {
        const organization = await api.organization(id);
        return {organization, rights: await rightsIn(organization.id)};
    }, ({organization, rights}) => [
        heading(organization.display_name || organization.name,
            organization.is_default === true && h('span', {class: 'badge'}, t.organizations.default)),
        h('div', {class: 'sections'}, membersSection(organization, rights, left),
            rights.update && changeSection(organization),
            rights.remove && organization.is_default !== true && removeSection(organization)),
    ], left);
}

/** @param {string} organization_id @returns {Promise<OrganizationRights>} */
async function rightsIn(organization_id) {
    /** @param {string} resource_type @param {string} action @returns {Question} */
    const ask = (resource_type, action) => ({object: {resource_type, organization_id}, action});
    return /** @type {any} */ (await api.authcheck({
        update: ask('organization', 'update'), remove: ask('organization', 'delete'),
        members: ask('organization_member', 'create'), roles: ask('assign_org_role', 'update'),
    }));
}

/** @param {Organization} organization */
function changeSection(organization) {
    const fields = organizationFields(organization);
    return section(t.organizations.change, form({
        fields,
        submit: t.save,
        send: async () => {
            const touched = fields.filter((each) => each.input.value !==
                (/** @type {any} */ (organization)[each.name] ?? ''));
            await api.changeOrganization(organization.id,
                Object.fromEntries(touched.map((each) => [each.name, each.input.value])));
            notice(t.saved);
            await go(to('organization', {id: organization.id}), true);
        },
    }));
}

/** @param {Organization} organization */
function removeSection(organization) {
    return section(t.organizations.delete, h('p', {class: 'quiet'}, t.organizations.deleteHint),
        h('div', {class: 'buttons'}, h('button', {type: 'button', class: 'danger', on: {click: async () => {
            const gone = await ask(t.action.deleteOne(organization.name), {
                hint: t.organizations.deleteHint, submit: t.action.deleteNow, type: organization.name,
                run: () => api.deleteOrganization(organization.id),
            });
            if (gone) await go(to('organizations'));
        }}}, t.action.delete)));
}

/**
 * @param {Organization} organization
 * @param {OrganizationRights} rights
 * @param {AbortSignal} left
 */
function membersSection(organization, rights, left) {
    const place = h('div');
    let page = 0;
    const pages = pager((next) => {
        page = next;
        draw();
    });
    async function draw() {
        try {
            const found = await api.members(organization.id,
                {limit: pageSize, offset: page * pageSize || undefined}, left);
            fill(place, found.members.length === 0 ? h('p', {class: 'quiet'}, t.organizations.noMembers)
                : h('ul', {class: 'rows'}, found.members.map((each) => row(organization, each, rights, draw))));
            pages.show(page, found.members.length, found.count);
        } catch (error) {
            if (!left.aborted) fill(place, failure(error, draw));
        }
    }
    draw();
    return section(t.organizations.members, rights.members ? addForm(organization, draw) : null, place, pages.element);
}

/**
 * @param {Organization} organization
 * @param {() => Promise<void>} changed
 */
function addForm(organization, changed) {
    const user = field('user', t.organizations.user, {required: true, spellcheck: false});
    const made = form({
        fields: [user],
        submit: t.organizations.addSubmit,
        send: async () => {
            await api.addMember(organization.id, user.input.value.trim());
            user.input.value = '';
            notice(t.organizations.added);
            await changed();
        },
    });
    made.classList.add('inline');
    made.setAttribute('aria-label', t.organizations.add);
    return made;
}

/**
 * @param {Organization} organization
 * @param {Member} member
 * @param {OrganizationRights} rights
 * @param {() => Promise<void>} changed
 */
function row(organization, member, rights, changed) {
    const self = member.user_id === session.user?.id;
    const name = session.rights.readUsers ? h('a', {href: to('user', {name: member.username})}, short(member.username))
        : short(member.username);
    return h('li', {}, h('div', {}, h('b', {}, name), member.name && ' ', member.name && short(member.name), ' ',
        h('span', {class: 'badges'}, member.roles.map((role) => h('span', {class: 'badge'}, roleText(role))))),
    rights.roles && !self && h('button', {type: 'button', 'aria-label': `${t.organizations.roles}: ${member.username}`, on: {click: async () => {
        if (await changeOrganizationRoles(organization.id, member, member.roles.map((role) => role.name))) await changed();
    }}}, t.action.roles),
    rights.members && !self && h('button', {type: 'button', class: 'danger', 'aria-label': `${t.organizations.remove}: ${member.username}`, on: {click: async () => {
        const gone = await ask(t.organizations.removeAsk(member.username), {
            hint: t.organizations.removeHint, submit: t.organizations.remove,
            run: () => api.removeMember(organization.id, member.user_id),
        });
        if (gone) notice(t.organizations.removed);
        if (gone) await changed();
    }}}, t.organizations.remove));
}
