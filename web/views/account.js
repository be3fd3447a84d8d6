// One's own account: what others see of a user, and what only oneself may do.
import * as api from '../api.js';
import {h} from '../parts/dom.js';
import {field, form} from '../parts/form.js';
import {load, notice} from '../parts/notice.js';
import {newPassword} from '../parts/password.js';
import {statusBadge} from '../parts/roles.js';
import {tokensSection} from '../parts/tokens.js';
import {go, heading, show, to} from '../router.js';
import {begin, session, tellTabs} from '../session.js';
import {t} from '../texts.js';
import {
    appearanceSection, auditSection, organizationsSection, profileSection, rolesSection, section,
    sessionsSection, sshKeySection,
} from './user.js';

/** @import {User, AuthMethods} from '../types.js' */

/** @type {import('../types.js').View} */
export async function accountView({main, left}) {
    const place = h('div');
    main.append(place);
    await load(place, api.me, (user) => [
        heading(t.account.title, statusBadge(user.status)),
        h('div', {class: 'sections'},
            profileSection(user, true, async () => {
                await begin();
                await show();
            }),
            appearanceSection(user),
            user.login_type === 'password' && passwordSection(user),
            user.login_type === 'password' && convertSection(left),
            rolesSection(user, () => {}), organizationsSection(user, left),
            sessionsSection(user, left), tokensSection(user, left), sshKeySection(user, left),
            session.rights.readAudit && auditSection(user, left)),
    ], left);
}

/** @param {User} user */
function passwordSection(user) {
    const old = field('old_password', t.account.oldPassword, {
        type: 'password', required: true, autocomplete: 'current-password',
    });
    const password = newPassword('password', t.account.newPassword);
    return section(t.account.password, h('p', {class: 'quiet'}, t.account.changeHint), form({
        fields: [old, password],
        submit: t.account.change,
        send: async () => {
            await api.setPassword(user.id, {old_password: old.input.value, password: password.input.value});
            await begin(); // the session is over
            tellTabs();
            notice(t.account.changed);
            await go(to('login'));
        },
    }));
}

/** @param {AbortSignal} left */
function convertSection(left) {
    const place = h('div');
    load(place, api.authMethods, (methods) => {
        const kinds = /** @type {('oidc' | 'github')[]} */ (['oidc', 'github'])
            .filter((kind) => methods[kind].enabled);
        return kinds.length > 0 && section(t.account.convert, h('p', {class: 'quiet'}, t.account.convertHint),
            ...kinds.map((kind) => convertForm(kind, methods)));
    }, left);
    return place;
}

/**
 * @param {'oidc' | 'github'} kind
 * @param {AuthMethods} methods
 */
function convertForm(kind, methods) {
    const password = field('password', t.account.oldPassword, {
        type: 'password', required: true, autocomplete: 'current-password',
    });
    const name = kind === 'oidc' ? methods.oidc.signInText : t.login.github;
    return form({
        fields: [password],
        submit: t.account.convertTo(name),
        send: async () => {
            const {state_string} = await api.convertLogin(kind, password.input.value);
            location.assign(api.providerUrl(kind, to('account'), state_string));
        },
    });
}
