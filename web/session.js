// Who is signed in, and what they may do. Tabs tell each other when that changes.
import * as api from './api.js';
import {go, show, to} from './router.js';
import {notice} from './parts/notice.js';
import {t} from './texts.js';

/** @import {User, Rights, Question} from './types.js' */

/** @type {{user: User | null, rights: Rights}} */
export const session = {user: null, rights: nothing()};

const tabs = new BroadcastChannel(`coder-users ${api.base}`);

/** @returns {Rights} */
function nothing() {
    return {
        readUsers: false, createUsers: false, manageUsers: false, useKeys: false,
        readAudit: false, createOrganizations: false,
    };
}

/** Asks the server who is signed in; null when nobody is. */
export async function begin() {
    try {
        const user = await api.me();
        const ask = (/** @type {string} */ resource_type, /** @type {string} */ action) =>
            ({object: {resource_type}, action});
        /** @type {Record<keyof Rights, Question>} */
        const questions = {
            readUsers: ask('user', 'read'), createUsers: ask('user', 'create'),
            manageUsers: ask('user', 'update'), useKeys: ask('api_key', 'create'),
            readAudit: ask('audit_log', 'read'), createOrganizations: ask('organization', 'create'),
        };
        session.rights = /** @type {Rights} */ (await api.authcheck(questions));
        session.user = user;
        applyTheme(user.theme_preference);
    } catch (error) {
        session.user = null;
        session.rights = nothing();
        if (!(error instanceof api.Refusal) || error.status !== 401) throw error;
    }
    return session.user;
}

/** Call it after a login: other tabs follow. */
export const tellTabs = () => tabs.postMessage('changed');

tabs.onmessage = async () => {
    const before = session.user?.id;
    await begin().catch(() => null);
    if (session.user?.id !== before) show();
};

/** @param {string} [text] why */
function forget(text) {
    if (!session.user) return;
    session.user = null;
    session.rights = nothing();
    if (text) notice(text);
    show();
}

api.onSessionEnd.call = () => forget(t.ended);

export async function signOut() {
    await api.logOut().catch((error) => {
        if (!(error instanceof api.Refusal) || error.status !== 401) throw error;
    });
    tellTabs();
    session.user = null;
    session.rights = nothing();
    await go(to('login'));
}

/** @param {{id: string}} user */
export const isMe = (user) => user.id === session.user?.id;

/** @param {string} name */
const holds = (name) => session.user?.roles.some((role) => role.name === name) ?? false;

export const isOwner = () => holds('owner');

/**
 * Whether to offer changes of a user: a user-admin manages those whose roles it shares. The server
 * decides in the end.
 * @param {{roles: {name: string}[]}} user
 */
export const mayManage = (user) =>
    session.rights.manageUsers && (isOwner() || user.roles.every((role) => holds(role.name)));

/** @param {string} preference */
export function applyTheme(preference) {
    const kept = preference.startsWith('dark') ? 'dark' : preference.startsWith('light') ? 'light' : '';
    document.documentElement.dataset.theme = kept;
    localStorage.setItem('theme', kept);
}
