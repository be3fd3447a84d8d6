// Makes a person or a service account, and shows what to send to whom.
import * as api from '../api.js';
import {base} from '../api.js';
import {copyBox, dialog} from '../parts/dialog.js';
import {fill, h} from '../parts/dom.js';
import {field, form} from '../parts/form.js';
import {madeUp, newPassword} from '../parts/password.js';
import {roleChoices, siteRoles} from '../parts/roles.js';
import {isOwner} from '../session.js';
import {tell, words} from '../parts/notice.js';
import {t} from '../texts.js';

/** @import {Organization, AssignableRole, AuthMethods} from '../types.js' */

/** @param {Organization} each */
const organizationName = (each) => each.display_name || each.name;

/** Whether somebody was made. */
export async function createUser() {
    let made = false;
    try {
        const [organizations, roles, methods] =
            await Promise.all([api.organizations(), siteRoles(), api.authMethods()]);
        await dialog(t.create.title, (close) => [body(organizations, roles, methods, close, () => made = true)]);
    } catch (error) {
        await tell(words(error));
    }
    return made;
}

/**
 * @param {Organization[]} organizations
 * @param {AssignableRole[]} roles
 * @param {AuthMethods} methods
 * @param {() => void} close
 * @param {() => void} done
 */
function body(organizations, roles, methods, close, done) {
    const place = h('div');
    const again = () => fill(place, fields());

    function fields() {
        const kind = field('kind', t.create.kind, {select: {person: t.create.person, service: t.create.service}});
        const email = field('email', t.create.email, {type: 'email', required: true});
        const username = field('username', t.create.username, {required: true, spellcheck: false});
        const name = field('name', t.create.name);
        const login = field('login_type', t.create.login, {select: {
            ...(methods.password.enabled ? {password: t.loginType.password} : {}),
            ...(methods.oidc.enabled ? {oidc: methods.oidc.signInText} : {}),
            ...(methods.github.enabled ? {github: t.loginType.github} : {}),
            none: t.loginType.none,
        }});
        const password = newPassword('password', t.create.password, {generate: true, value: madeUp()});
        const organization = field('organization_id', t.create.organization, {
            select: Object.fromEntries(organizations.map((each) => [each.id, organizationName(each)])),
        });
        organization.element.hidden = organizations.length < 2;
        const boxes = isOwner() ? roleChoices(roles, []) : null;
        const isService = () => kind.input.value === 'service';
        const draw = () => {
            email.element.hidden = login.element.hidden = isService();
            password.element.hidden = isService() || login.input.value !== 'password';
        };
        kind.input.addEventListener('change', draw);
        login.input.addEventListener('change', draw);
        draw();

        async function send() {
            const service = isService();
            const type = service ? 'none' : login.input.value;
            await api.createUser({
                username: username.input.value, name: name.input.value,
                ...(service ? {service_account: true} : {email: email.input.value, login_type: type}),
                ...(type === 'password' ? {password: password.input.value} : {}),
                ...(organization.input.value ? {organization_ids: [organization.input.value]} : {}),
                ...(boxes ? {roles: boxes.values()} : {}),
            });
            done();
            const at = location.origin + base;
            const letter = service ? t.create.serviceLetter(username.input.value)
                : type === 'password' ? t.create.letter(at, email.input.value, password.input.value)
                    : t.create.letterWithout(at, email.input.value, t.loginType[type] ?? type);
            fill(place, h('h3', {tabIndex: -1}, t.create.done), h('p', {}, t.create.doneHint), copyBox(letter, t.create.done),
                h('div', {class: 'buttons'},
                    h('button', {type: 'button', on: {click: again}}, t.create.another),
                    h('button', {type: 'button', on: {click: close}}, t.close)));
            place.querySelector('h3')?.focus();
        }
        return form({
            fields: [email, username, name, password],
            content: [kind.element, email.element, username.element, name.element, login.element,
                password.element, organization.element, boxes && boxes.element],
            submit: t.create.submit, send, cancel: close,
        });
    }
    again();
    return place;
}
