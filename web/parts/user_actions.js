// What can be done to users, one or many at once. Every function returns whether something changed.
import * as api from '../api.js';
import {t} from '../texts.js';
import {ask, dialog, showOnce} from './dialog.js';
import {fill, h} from './dom.js';
import {field, form} from './form.js';
import {act, notice, tell, words} from './notice.js';
import {madeUp, newPassword} from './password.js';
import {roleChoices, siteRoles} from './roles.js';

/** @import {AssignableRole, User} from '../types.js' */

const together = 4; // requests at once

/**
 * Does the same to each user, and shows what was refused.
 * @param {string} what
 * @param {User[]} users
 * @param {(user: User) => Promise<unknown>} run
 */
async function each(what, users, run) {
    const progress = h('progress', {max: users.length, value: 0, 'aria-label': what});
    const shown = h('div', {class: 'progress', role: 'status'}, progress);
    document.body.append(shown);
    /** @type {{user: User, text: string}[]} */
    const refused = [];
    const waiting = [...users];
    await Promise.all(Array.from({length: together}, async () => {
        for (let user = waiting.shift(); user; user = waiting.shift()) {
            try {
                await run(user);
            } catch (error) {
                refused.push({user, text: words(error)});
            }
            ++progress.value;
        }
    }));
    shown.remove();
    notice(t.action.bulkDone(users.length - refused.length, refused.length));
    if (refused.length > 0)
        await dialog(t.action.refused, (close) => [
            h('ul', {}, refused.map(({user, text}) => h('li', {}, h('b', {}, user.username), ': ', text))),
            h('div', {class: 'buttons'}, h('button', {type: 'button', on: {click: close}}, t.close)),
        ]);
    return refused.length < users.length;
}

/** @param {User} user */
export const activate = (user) => act(() => api.activate(user.id), t.action.activated);
/** @param {User} user */
export const suspend = (user) => act(() => api.suspend(user.id), t.action.suspended);

/** @param {User} user */
export async function endSessions(user) {
    const done = await ask(t.action.endMany(1), {
        hint: t.action.endHint, submit: t.action.endSessions, run: () => api.endSessions(user.id),
    });
    if (done) notice(t.action.sessionsEnded);
    return done;
}

/** @param {User} user */
export async function remove(user) {
    const done = await ask(t.action.deleteOne(user.username), {
        hint: t.action.deleteHint, submit: t.action.deleteNow, type: user.username,
        run: () => api.deleteUser(user.id),
    });
    if (done) notice(t.action.deleted);
    return done;
}

/** @param {User} user */
export async function resetPassword(user) {
    let made = '';
    await dialog(t.action.passwordOf(user.username), (close) => {
        const password = newPassword('password', t.account.newPassword, {generate: true, value: madeUp()});
        return [h('p', {}, t.action.passwordHint), form({
            fields: [password],
            submit: t.account.change,
            cancel: close,
            send: async () => {
                await api.setPassword(user.id, {password: password.input.value});
                made = password.input.value;
                close();
            },
        })];
    });
    if (!made) return false;
    notice(t.action.passwordSet);
    await showOnce(t.action.passwordDone, t.action.passwordDoneHint, `${user.username}\t${made}\n`);
    return true;
}

/** @param {User} user */
export async function changeEmail(user) {
    let done = false;
    await dialog(t.action.emailOf(user.username), (close) => {
        const email = field('email', t.user.email, {value: user.email, type: 'email', required: true});
        return [h('p', {}, t.action.emailHint), form({
            fields: [email],
            submit: t.save,
            cancel: close,
            send: async () => {
                await api.setEmail(user.id, email.input.value);
                done = true;
                close();
            },
        })];
    });
    if (done) notice(t.action.emailSet);
    return done;
}

/**
 * @param {string} title
 * @param {string[]} held
 * @param {(roles: string[]) => Promise<unknown>} send
 * @param {string} [hint]
 */
async function chooseRoles(title, held, send, hint) {
    const roles = await siteRoles();
    let done = false;
    await dialog(title, (close) => {
        const boxes = roleChoices(roles, held);
        return [hint ? h('p', {}, hint) : null, form({
            fields: [],
            content: [boxes.element],
            submit: t.save,
            cancel: close,
            send: async () => {
                await send(boxes.values());
                done = true;
                close();
            },
        })];
    });
    return done;
}

/** @param {User} user */
export async function changeRoles(user) {
    const done = await chooseRoles(t.action.rolesOf(user.username), user.roles.map((role) => role.name),
        (roles) => api.setRoles(user.id, roles));
    if (done) notice(t.action.rolesSet);
    return done;
}

/** @param {User[]} users */
export async function suspendMany(users) {
    const yes = await ask(t.action.suspendMany(users.length), {
        hint: t.action.suspendHint, submit: t.action.suspend, run: async () => {},
    });
    return yes && each(t.action.suspend, users, (user) => api.suspend(user.id));
}

/** @param {User[]} users */
export const activateMany = (users) =>
    each(t.action.activate, users, (user) => api.activate(user.id));

/** @param {User[]} users */
export async function endSessionsOfMany(users) {
    const yes = await ask(t.action.endMany(users.length), {
        hint: t.action.endHint, submit: t.action.endSessions, run: async () => {},
    });
    return yes && each(t.action.endSessions, users, (user) => api.endSessions(user.id));
}

/** @param {User[]} users */
export async function removeMany(users) {
    const yes = await ask(t.action.deleteMany(users.length), {
        hint: t.action.deleteHint, submit: t.action.deleteNow,
        type: t.action.deleteWord(users.length), run: async () => {},
    });
    return yes && each(t.action.deleteNow, users, (user) => api.deleteUser(user.id));
}

/** @param {User[]} users */
export async function changeRolesOfMany(users) {
    /** @type {string[] | undefined} */
    let chosen;
    await chooseRoles(t.action.rolesOfMany(users.length), [], async (roles) => {
        chosen = roles;
    }, t.action.rolesManyHint);
    if (!chosen) return false;
    const roles = chosen;
    return each(t.action.roles, users, (user) => api.setRoles(user.id, roles));
}

/** @param {User[]} users */
export async function resetPasswords(users) {
    const yes = await ask(t.action.passwordMany(users.length), {
        hint: t.action.passwordManyHint, submit: t.account.change, run: async () => {},
    });
    if (!yes) return false;
    let text = '';
    const changed = await each(t.action.resetPassword, users, async (user) => {
        const password = madeUp();
        await api.setPassword(user.id, {password});
        text += `${user.username}\t${password}\n`;
    });
    if (text) await showOnce(t.action.passwordDone, t.action.passwordDoneHint, text);
    return changed;
}

/**
 * @param {string} organization its id
 * @param {{user_id: string, username: string}} member
 * @param {string[]} held the names of its roles there
 */
export async function changeOrganizationRoles(organization, member, held) {
    let done = false;
    /** @type {AssignableRole[]} */
    let roles;
    try {
        roles = await api.organizationRoles(organization);
    } catch (error) {
        await tell(words(error));
        return false;
    }
    await dialog(t.action.rolesOf(member.username), (close) => {
        const boxes = roleChoices(roles, held);
        return [form({
            fields: [], content: [boxes.element], submit: t.save, cancel: close,
            send: async () => {
                await api.setMemberRoles(organization, member.user_id, boxes.values());
                notice(t.organizations.rolesChanged);
                done = true;
                close();
            },
        })];
    });
    return done;
}

/** A person's picture, or its initial. @param {User} user */
export function face(user) {
    const url = user.avatar_url;
    if (/^https:\/\//.test(url) && URL.canParse(url))
        return h('img', {class: 'face', src: url, alt: '', width: 32, height: 32, loading: 'lazy', referrerPolicy: 'no-referrer'});
    const letter = h('span', {class: 'face', 'aria-hidden': 'true'});
    fill(letter, Array.from(user.name || user.username)[0]?.toUpperCase() ?? '?');
    return letter;
}
