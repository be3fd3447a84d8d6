// The only place that calls the server. Every call returns what the server answered, or throws a
// Refusal. The session is a cookie that scripts cannot read.
import settings from './settings.js';

/** @import {User, UserPage, Organization, Member, MemberPage, Session, Token, AuditPage, AuthMethods, BuildInfo, Broken, AssignableRole, Question} from './types.js' */

/** Where the page itself lies: "/" or "/x/". */
export const base = new URL('./', import.meta.url).pathname;
/** Where the API lies, such as "/api/v2". */
export const apiPath = settings.api;
/** What the host calls the page. */
export const pageName = settings.name;

/** Why a call did not succeed. `status` is 0 when there was no answer at all. */
export class Refusal extends Error {
    /**
     * @param {number} status
     * @param {string} message
     * @param {string} [detail]
     * @param {Broken[]} [validations]
     */
    constructor(status, message, detail = '', validations = []) {
        super(message);
        this.status = status;
        this.detail = detail;
        this.validations = validations;
    }
}

/** Tells what the page does when a session has ended. Set by session.js. */
export const onSessionEnd = {call: () => {}};

const patience = 30_000; // milliseconds to wait for an answer

/**
 * @typedef {object} CallOptions
 * @property {unknown} [body]
 * @property {AbortSignal} [signal]
 * @property {Record<string, string>} [headers]
 * @property {boolean} [open] whether 401 is an answer, and not the end of a session
 * @property {boolean} [unread] whether a good answer holds a secret that no script needs
 */

/**
 * @param {string} method
 * @param {string} path
 * @param {CallOptions} [options]
 * @returns {Promise<any>}
 */
async function call(method, path, options = {}) {
    const timeout = AbortSignal.timeout(patience);
    const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
    let response;
    let text;
    try {
        response = await fetch(apiPath + path, {
            method,
            signal,
            credentials: 'same-origin',
            headers: options.headers ?? {},
            ...(options.body === undefined ? {} : {body: JSON.stringify(options.body)}),
        });
        if (response.ok && options.unread) return void response.body?.cancel();
        text = await response.text();
    } catch (error) {
        if (options.signal?.aborted) throw error;
        throw new Refusal(0, '');
    }
    let json;
    try {
        json = text ? JSON.parse(text) : undefined;
    } catch {
        throw new Refusal(response.ok ? 0 : response.status, '');
    }
    if (response.ok) return json;
    if (response.status === 401 && !options.open) onSessionEnd.call();
    throw new Refusal(response.status, json?.message ?? '', json?.detail, json?.validations);
}

/** @param {Record<string, string | number | boolean | undefined>} values */
function query(values) {
    const set = new URLSearchParams();
    for (const [name, value] of Object.entries(values))
        if (value !== undefined && value !== '') set.set(name, String(value));
    const text = set.toString();
    return text ? '?' + text : '';
}

const enc = encodeURIComponent;

// Who is there, and what may they do?

/** @returns {Promise<User>} */
export const me = () => call('GET', '/users/me', {open: true});

/** @returns {Promise<AuthMethods>} */
export const authMethods = () => call('GET', '/users/authmethods');

/** Whether anybody was created yet. */
export async function hasFirstUser() {
    try {
        await call('GET', '/users/first');
        return true;
    } catch (error) {
        if (error instanceof Refusal && error.status === 404) return false;
        throw error;
    }
}

/**
 * @param {{email: string, username: string, name: string, password: string}} body
 * @param {string} code the set-up code; may be ""
 */
export const createFirstUser = (body, code) =>
    call('POST', '/users/first', {body, headers: code ? {'X-Setup-Code': code} : {}});

/** @param {string} email @param {string} password */
export const logIn = (email, password) =>
    call('POST', '/users/login', {body: {email, password}, open: true, unread: true});

export const logOut = () => call('POST', '/users/logout', {open: true});

/**
 * @param {string} password
 * @param {AbortSignal} signal
 * @returns {Promise<{valid: boolean, details: string}>}
 */
export const validatePassword = (password, signal) =>
    call('POST', '/users/validate-password', {body: {password}, signal});

/**
 * @param {Record<string, Question>} checks
 * @returns {Promise<Record<string, boolean>>}
 */
export const authcheck = (checks) => call('POST', '/authcheck', {body: {checks}});

/**
 * Where a login through a provider starts.
 * @param {'github' | 'oidc'} provider
 * @param {string} redirect path to come back to
 * @param {string} [mergeState] of a conversion
 */
export const providerUrl = (provider, redirect, mergeState) =>
    apiPath + (provider === 'github' ? '/users/oauth2/github/callback' : '/users/oidc/callback') +
    query({redirect, oidc_merge_state: mergeState});

/**
 * @param {string} to
 * @param {string} password
 * @returns {Promise<{state_string: string}>}
 */
export const convertLogin = (to, password) =>
    call('POST', '/users/me/convert-login', {body: {to_type: to, password}, open: true});

// Users

/**
 * @param {{q?: string, limit?: number, offset?: number, after_id?: string}} wanted
 * @param {AbortSignal} [signal]
 * @returns {Promise<UserPage>}
 */
export const users = (wanted, signal) => call('GET', '/users' + query(wanted), {signal});

/** @param {string} user @param {AbortSignal} [signal] @returns {Promise<User>} */
export const user = (user, signal) => call('GET', `/users/${enc(user)}`, {signal});

/** @param {Record<string, unknown>} body @returns {Promise<User>} */
export const createUser = (body) => call('POST', '/users', {body});

/** @param {string} user */
export const deleteUser = (user) => call('DELETE', `/users/${enc(user)}`);

/** @param {string} user @param {{username: string, name?: string, avatar_url?: string}} body */
export const setProfile = (user, body) => call('PUT', `/users/${enc(user)}/profile`, {body});

/** @param {string} user @param {string} email @returns {Promise<User>} */
export const setEmail = (user, email) => call('PUT', `/users/${enc(user)}/email`, {body: {email}});

/** @param {string} user @param {string} theme */
export const setTheme = (user, theme) =>
    call('PUT', `/users/${enc(user)}/appearance`, {body: {theme_preference: theme}});

/** @param {string} user @param {{password: string, old_password?: string}} body */
export const setPassword = (user, body) => call('PUT', `/users/${enc(user)}/password`, {body});

/** @param {string} user */
export const suspend = (user) => call('PUT', `/users/${enc(user)}/status/suspend`);

/** @param {string} user */
export const activate = (user) => call('PUT', `/users/${enc(user)}/status/activate`);

/** @returns {Promise<AssignableRole[]>} */
export const siteRoles = () => call('GET', '/users/roles');

/**
 * @param {string} user
 * @returns {Promise<{organization_roles: Record<string, string[]>}>}
 */
export const rolesOf = (user) => call('GET', `/users/${enc(user)}/roles`);

/** @param {string} user @param {string[]} roles @returns {Promise<User>} */
export const setRoles = (user, roles) => call('PUT', `/users/${enc(user)}/roles`, {body: {roles}});

/** @param {string} user @returns {Promise<Organization[]>} */
export const organizationsOf = (user) => call('GET', `/users/${enc(user)}/organizations`);

// Sessions, tokens, SSH key

/** @param {string} user @returns {Promise<Session[]>} */
export const sessions = (user) => call('GET', `/users/${enc(user)}/sessions`);

/** @param {string} user */
export const endSessions = (user) => call('DELETE', `/users/${enc(user)}/sessions`);

/** @param {string} user @param {string} key */
export const deleteKey = (user, key) => call('DELETE', `/users/${enc(user)}/keys/${enc(key)}`);

/** @param {string} user @returns {Promise<Token[]>} */
export const tokens = (user) => call('GET', `/users/${enc(user)}/keys/tokens?include_expired=true`);

/** @param {string} user @param {Record<string, unknown>} body @returns {Promise<{key: string}>} */
export const makeToken = (user, body) => call('POST', `/users/${enc(user)}/keys/tokens`, {body});

/** @param {string} user @param {string} key */
export const expireKey = (user, key) => call('PUT', `/users/${enc(user)}/keys/${enc(key)}/expire`);

/** @returns {Promise<{external: string[]}>} */
export const scopes = () => call('GET', '/auth/scopes');

/** @returns {Promise<{max_token_lifetime: number}>} */
export const tokenConfig = () => call('GET', '/users/me/keys/tokens/tokenconfig');

/** A new session of one's own, to paste elsewhere. @returns {Promise<{key: string}>} */
export const makeSession = () => call('POST', '/users/me/keys');

/** @param {string} user @returns {Promise<{public_key: string, updated_at: string}>} */
export const sshKey = (user) => call('GET', `/users/${enc(user)}/gitsshkey`);

/** @param {string} user @returns {Promise<{public_key: string, updated_at: string}>} */
export const renewSshKey = (user) => call('PUT', `/users/${enc(user)}/gitsshkey`);

// Organizations

/** @returns {Promise<Organization[]>} */
export const organizations = () => call('GET', '/organizations');

/** @param {string} organization @returns {Promise<Organization>} */
export const organization = (organization) => call('GET', `/organizations/${enc(organization)}`);

/** @param {Record<string, string>} body @returns {Promise<Organization>} */
export const createOrganization = (body) => call('POST', '/organizations', {body});

/** @param {string} id @param {Record<string, string>} body @returns {Promise<Organization>} */
export const changeOrganization = (id, body) =>
    call('PATCH', `/organizations/${enc(id)}`, {body});

/** @param {string} id */
export const deleteOrganization = (id) => call('DELETE', `/organizations/${enc(id)}`);

/**
 * @param {string} id
 * @param {{q?: string, limit?: number, offset?: number}} wanted
 * @param {AbortSignal} [signal]
 * @returns {Promise<MemberPage>}
 */
export const members = (id, wanted, signal) =>
    call('GET', `/organizations/${enc(id)}/paginated-members` + query(wanted), {signal});

/** @param {string} id @param {string} user */
export const addMember = (id, user) =>
    call('POST', `/organizations/${enc(id)}/members/${enc(user)}`);

/** @param {string} id @param {string} user */
export const removeMember = (id, user) =>
    call('DELETE', `/organizations/${enc(id)}/members/${enc(user)}`);

/** @param {string} id @returns {Promise<AssignableRole[]>} */
export const organizationRoles = (id) => call('GET', `/organizations/${enc(id)}/members/roles`);

/** @param {string} id @param {string} user @param {string[]} roles @returns {Promise<Member>} */
export const setMemberRoles = (id, user, roles) =>
    call('PUT', `/organizations/${enc(id)}/members/${enc(user)}/roles`, {body: {roles}});

// The audit log and the server

/**
 * @param {{q?: string, limit?: number, offset?: number}} wanted
 * @param {AbortSignal} [signal]
 * @returns {Promise<AuditPage>}
 */
export const audit = (wanted, signal) => call('GET', '/audit' + query(wanted), {signal});

/** @returns {Promise<BuildInfo>} */
export const buildInfo = () => call('GET', '/buildinfo');

/** Whether health is served beside this page, which it is not on a host's own server. */
export const servesHealth = base === '/' && apiPath === '/api/v2';

/** Whether the store answers. */
export async function isReady() {
    try {
        return (await fetch(base + 'readyz', {signal: AbortSignal.timeout(patience)})).ok;
    } catch {
        return false;
    }
}
