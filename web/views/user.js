// One user, with everything that belongs to it. The view of one's own account is made of the same
// sections.
import * as api from '../api.js';
import {fill, h, newId, short} from '../parts/dom.js';
import {auditList} from '../parts/audit_table.js';
import {ask, copyBox} from '../parts/dialog.js';
import {field, form} from '../parts/form.js';
import {menu} from '../parts/menu.js';
import {act, load, notice} from '../parts/notice.js';
import {badges, plainRole, roleText, statusBadge} from '../parts/roles.js';
import {timeAgo} from '../parts/time.js';
import {tokensSection} from '../parts/tokens.js';
import * as actions from '../parts/user_actions.js';
import {go, heading, to} from '../router.js';
import {applyTheme, begin, isMe, isOwner, mayManage, session} from '../session.js';
import {t} from '../texts.js';
import {itemsFor} from './users.js';

/** @import {Organization, User} from '../types.js' */

/** @type {import('../types.js').View} */
export async function userView({main, address, left}) {
    const name = address.searchParams.get('name') ?? '';
    if (name === session.user?.username) return void go(to('account'), true);
    const place = h('div');
    main.append(place);
    await load(place, () => api.user(name), (user) => sections(user, left), left);
}

/**
 * @param {User} user
 * @param {AbortSignal} left
 */
function sections(user, left) {
    const changed = () => go(to('user', {name: user.username}), true);
    /** @param {(user: User) => Promise<boolean>} action */
    const run = (action) => async () => {
        if (!await action(user)) return;
        if (action === actions.remove) await go(to('users'));
        else await changed();
    };
    const manages = mayManage(user);
    return [
        heading(user.username, statusBadge(user.status),
            manages && menu(t.actions, t.users.actionsFor(user.username), itemsFor(user, run))),
        h('div', {class: 'sections'},
            profileSection(user, manages, (renamed) => go(to('user', {name: renamed}), true)),
            manages && appearanceSection(user),
            rolesSection(user, changed),
            organizationsSection(user, left),
            manages && sessionsSection(user, left),
            session.rights.useKeys && tokensSection(user, left),
            manages && sshKeySection(user, left),
            session.rights.readAudit && auditSection(user, left)),
    ];
}

/**
 * @param {string} title
 * @param {...(Node | false | null)} content
 */
export function section(title, ...content) {
    const id = newId();
    return h('section', {class: 'card', 'aria-labelledby': id}, h('h2', {id}, title), ...content);
}

/** @param {[string, Node | string][]} facts */
export const facts = (facts) => h('dl', {}, facts.flatMap(([name, value]) =>
    [h('dt', {}, name), h('dd', {}, value)]));

/**
 * @param {User} user
 * @param {boolean} manages
 * @param {(name: string) => unknown} changed takes the present user name
 */
export function profileSection(user, manages, changed) {
    const known = facts([
        ...(manages ? [] : /** @type {[string, Node][]} */ ([[t.user.name, short(user.name || '–')]])),
        [t.user.email, short(user.email || '–')],
        [t.user.login, t.loginType[user.login_type] ?? user.login_type],
        [t.user.created, timeAgo(user.created_at)],
        [t.user.lastSeen, timeAgo(user.last_seen_at)],
        [t.user.id, h('code', {}, user.id)],
    ]);
    if (!manages) return section(t.user.profile, known);
    const username = field('username', t.user.username, {value: user.username, required: true, spellcheck: false});
    const name = field('name', t.user.name, {value: user.name ?? ''});
    const avatar = field('avatar_url', t.user.avatar, {value: user.avatar_url, type: 'url'});
    const own = ['password', 'none'].includes(user.login_type); // others have what their provider says
    avatar.element.hidden = !own;
    const changeEmail = async () => {
        if (await actions.changeEmail(user)) await changed(user.username);
    };
    return section(t.user.profile, known, own && user.email !== '' && mayManage(user) &&
        h('div', {class: 'buttons'}, h('button', {type: 'button', on: {click: changeEmail}}, t.user.changeEmail)), form({
        fields: [username, name, avatar],
        submit: t.save,
        send: async () => {
            // What was not touched is not sent, so that a name that two people edit is not lost.
            await api.setProfile(user.id, {
                username: username.input.value,
                ...(name.input.value === (user.name ?? '') ? {} : {name: name.input.value}),
                ...(avatar.input.value === user.avatar_url ? {} : {avatar_url: avatar.input.value}),
            });
            notice(t.saved);
            await changed(username.input.value);
        },
    }));
}

/** @param {User} user */
export function appearanceSection(user) {
    const now = user.theme_preference;
    const {light, dark, auto} = t.user.themes;
    const theme = field('theme_preference', t.user.theme, {
        select: {auto, light, dark, ...(['', 'auto', 'light', 'dark'].includes(now) ? {} : {[now]: now})},
        value: now || 'auto',
    });
    return section(t.user.appearance, form({
        fields: [theme],
        submit: t.save,
        send: async () => {
            await api.setTheme(user.id, theme.input.value);
            if (isMe(user)) {
                applyTheme(theme.input.value);
                await begin();
            }
            notice(t.saved);
        },
    }));
}

/**
 * @param {User} user
 * @param {() => unknown} changed
 */
export function rolesSection(user, changed) {
    const list = user.roles.length === 0 ? h('p', {class: 'quiet'}, t.user.noRoles)
        : h('ul', {class: 'plain'}, user.roles.map((role) => h('li', {}, badges([role]), ' ',
            h('span', {class: 'quiet'}, t.roles[role.name] ?? ''))));
    return section(t.user.roles, list, isOwner() && !isMe(user) && h('div', {class: 'buttons'},
        h('button', {type: 'button', on: {click: async () => {
            if (await actions.changeRoles(user)) await changed();
        }}}, t.user.changeRoles)));
}

/**
 * @param {User} user
 * @param {AbortSignal} left
 */
export function organizationsSection(user, left) {
    const place = h('div');
    const seesRoles = isMe(user) || session.rights.manageUsers;
    const draw = () => load(place, async () => {
        const organizations = await api.organizationsOf(user.id);
        const [roles, changes] = await Promise.all([
            seesRoles ? api.rolesOf(user.id) : {organization_roles: /** @type {Record<string, string[]>} */ ({})},
            seesRoles && !isMe(user) && organizations.length > 0 ? mayChangeRolesIn(organizations) : /** @type {Record<string, boolean>} */ ({}),
        ]);
        return organizations.map((organization) => ({
            organization, roles: roles.organization_roles[organization.id] ?? [], changes: changes[organization.id],
        }));
    }, (memberships) => memberships.length === 0 ? h('p', {class: 'quiet'}, t.user.noOrganizations)
        : h('ul', {class: 'plain'}, memberships.map(({organization, roles, changes}) => {
            const name = organization.display_name || organization.name;
            return h('li', {}, h('a', {href: to('organization', {id: organization.id})}, short(name)), ' ',
                h('span', {class: 'badges'}, roles.map((role) =>
                    h('span', {class: 'badge', title: t.roles[plainRole(role)] ?? ''}, roleText({name: role})))), ' ',
                changes && h('button', {type: 'button', 'aria-label': `${t.organizations.roles}: ${name}`, on: {click: async () => {
                    const member = {user_id: user.id, username: user.username};
                    if (await actions.changeOrganizationRoles(organization.id, member, roles)) await draw();
                }}}, t.action.roles));
        })), left);
    draw();
    return section(t.user.organizations, place);
}

/**
 * In which organizations whoever is signed in may change roles, by their ids.
 * @param {Organization[]} organizations
 * @returns {Promise<Record<string, boolean>>}
 */
const mayChangeRolesIn = (organizations) => api.authcheck(Object.fromEntries(organizations.map(({id}) =>
    [id, {object: {resource_type: 'assign_org_role', organization_id: id}, action: 'update'}])));

/**
 * @param {User} user
 * @param {AbortSignal} left
 */
export function sessionsSection(user, left) {
    const place = h('div');
    const endsOne = isMe(user) || session.rights.useKeys;
    const draw = () => load(place, () => api.sessions(user.id), (list) => {
        if (list.length === 0) return h('p', {class: 'quiet'}, t.user.noSessions);
        const others = list.filter((each) => !each.current);
        return [
            h('ul', {class: 'rows'}, list.map((each) => h('li', {},
                h('div', {}, h('b', {}, short(each.user_agent || t.user.unknown, 90)), each.current && ' ',
                    each.current && h('span', {class: 'badge'}, t.user.current),
                    h('p', {class: 'quiet'}, `${t.loginType[each.login_type] ?? each.login_type} · ${t.user.from} ${each.ip || t.user.unknown} · ${t.user.signedIn} `,
                        timeAgo(each.created_at), ` · ${t.user.lastUsed} `, timeAgo(each.last_used), ` · ${t.user.ends} `, timeAgo(each.expires_at))),
                endsOne && !each.current && h('button', {type: 'button', on: {click: async () => {
                    if (await act(() => api.deleteKey(user.id, each.id), t.user.ended)) await draw();
                }}}, t.user.end)))),
            others.length > 0 && h('div', {class: 'buttons'}, h('button', {type: 'button', on: {click: async () => {
                if (await act(() => api.endSessions(user.id), t.action.sessionsEnded)) await draw();
            }}}, others.length < list.length ? t.user.endOthers : t.user.endAll)),
        ];
    }, left);
    draw();
    return section(t.user.sessions, place);
}

/**
 * @param {User} user
 * @param {AbortSignal} left
 */
export function sshKeySection(user, left) {
    const place = h('div');
    /** @param {{public_key: string}} key */
    const draw = (key) => [copyBox(key.public_key.trim(), t.user.sshKey), h('div', {class: 'buttons'},
        h('button', {type: 'button', on: {click: async () => {
            const made = await ask(t.user.newKeyAsk, {
                hint: t.user.newKeyHint, submit: t.user.newKey,
                run: async () => fill(place, ...draw(await api.renewSshKey(user.id))),
            });
            if (made) notice(t.saved);
        }}}, t.user.newKey))];
    load(place, () => api.sshKey(user.id), draw, left);
    return section(t.user.sshKey, place);
}

/**
 * @param {User} user
 * @param {AbortSignal} left
 */
export function auditSection(user, left) {
    /** @param {string} title @param {string} q */
    const part = (title, q) => {
        const place = h('div');
        load(place, () => api.audit({q, limit: 5}), (found) => auditList(found.audit_logs), left);
        return [h('h3', {}, title), place, h('p', {}, h('a', {href: to('audit', {q})}, `${t.user.allAudit}: ${title.toLowerCase()}`))];
    };
    return section(t.user.audit, ...part(t.user.auditOf, `resource_id:${user.id}`),
        ...part(t.user.auditBy, `username:${user.username}`));
}
