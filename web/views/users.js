// All users: search, filter, pages, and what can be done to one or to many.
import * as api from '../api.js';
import {Refusal} from '../api.js';
import {fill, h, short} from '../parts/dom.js';
import {field} from '../parts/form.js';
import {menu} from '../parts/menu.js';
import {failure} from '../parts/notice.js';
import {pager, pageSize} from '../parts/pager.js';
import {badges, statusBadge} from '../parts/roles.js';
import {searchField} from '../parts/search.js';
import {timeAgo} from '../parts/time.js';
import * as actions from '../parts/user_actions.js';
import {heading, note, to} from '../router.js';
import {isMe, isOwner, mayManage, session} from '../session.js';
import {t} from '../texts.js';
import {createUser} from './create_user.js';

/** @import {User} from '../types.js' */

const pause = 40; // milliseconds after a key: the rows follow the typing

/** @type {import('../types.js').View} */
export async function usersView({main, address, left}) {
    const {rights} = session;
    let text = address.searchParams.get('filter') ?? '';
    let status = address.searchParams.get('status') ?? '';
    let page = Math.max(0, Number.parseInt(address.searchParams.get('page') ?? '0', 10) || 0);
    /** The user after whom a page begins. @type {Map<number, string>} */
    let begins = new Map();
    /** @type {Map<string, User>} */
    const selected = new Map();
    /** @type {User[]} */
    let rows = [];
    let asked = new AbortController();
    left.addEventListener('abort', () => asked.abort());

    const body = h('tbody');
    const table = h('table', {class: 'users'});
    const problem = h('div');
    const all = h('input', {type: 'checkbox', 'aria-label': t.users.selectAll, on: {change: () => {
        for (const user of rows) if (all.checked) selected.set(user.id, user); else selected.delete(user.id);
        draw();
    }}});
    const bulk = h('div', {class: 'bulk', hidden: true, role: 'group', 'aria-label': t.actions});
    const pages = pager((next) => {
        page = next;
        fetch();
    });

    async function fetch() {
        asked.abort();
        asked = new AbortController();
        const {signal} = asked;
        table.setAttribute('aria-busy', 'true');
        const q = [text.trim(), status && `status:${status}`].filter(Boolean).join(' ');
        const after = begins.get(page);
        try {
            const found = await api.users({
                q, limit: pageSize, after_id: after, offset: after ? undefined : page * pageSize || undefined,
            }, signal);
            if (signal.aborted) return;
            rows = found.users;
            const last = rows.at(-1);
            if (last) begins.set(page + 1, last.id);
            fill(problem);
            draw();
            pages.show(page, rows.length, found.count);
        } catch (error) {
            if (signal.aborted) return;
            const typing = error instanceof Refusal && error.status === 400;
            fill(problem, typing ? h('p', {class: 'error'}, error.validations.map((each) => each.detail).join('. ') || error.message)
                : failure(error, fetch));
        }
        table.removeAttribute('aria-busy');
        note(to('users', {filter: text, status, page: page ? String(page) : ''}));
    }

    function again() {
        page = 0;
        begins = new Map();
        fetch();
    }

    function draw() {
        fill(body, rows.length > 0 ? rows.map(row)
            : h('tr', {}, h('td', {colSpan: 7, class: 'quiet'}, t.users.noMatch)));
        all.checked = rows.length > 0 && rows.every((user) => selected.has(user.id));
        drawBulk();
    }

    function drawBulk() {
        const some = [...selected.values()];
        bulk.hidden = some.length === 0;
        /** @param {string} name @param {(users: User[]) => Promise<boolean>} run @param {string} [look] */
        const button = (name, run, look) => h('button', {type: 'button', class: look, on: {click: async () => {
            if (!await run(some)) return;
            selected.clear();
            fetch();
        }}}, name);
        fill(bulk, h('span', {role: 'status'}, t.users.selected(some.length)),
            button(t.action.suspend, actions.suspendMany), button(t.action.activate, actions.activateMany),
            isOwner() && button(t.action.roles, actions.changeRolesOfMany),
            button(t.action.resetPassword, actions.resetPasswords),
            button(t.action.endSessions, actions.endSessionsOfMany),
            button(t.action.delete, actions.removeMany, 'danger'));
    }

    /** @param {User} user */
    function row(user) {
        const box = rights.manageUsers && h('input', {
            type: 'checkbox', checked: selected.has(user.id), 'aria-label': t.users.select(user.username),
            on: {change: (event) => {
                if (event.target.checked) selected.set(user.id, user); else selected.delete(user.id);
                all.checked = rows.every((each) => selected.has(each.id));
                drawBulk();
            }},
        });
        return h('tr', {},
            rights.manageUsers && h('td', {class: 'box'}, box),
            h('th', {scope: 'row'}, h('a', {href: to('user', {name: user.username}), class: 'person'}, actions.face(user),
                h('span', {}, h('span', {}, h('b', {}, short(user.username)), isMe(user) && ` (${t.users.you})`),
                    h('span', {class: 'quiet'}, short([user.name, user.email || (user.is_service_account && t.users.service)].filter(Boolean).join(' · ')))))),
            h('td', {}, statusBadge(user.status)),
            h('td', {'data-label': t.users.roles}, badges(user.roles)),
            h('td', {'data-label': t.users.loginType}, t.loginType[user.login_type] ?? user.login_type),
            h('td', {'data-label': t.users.lastSeen}, timeAgo(user.last_seen_at)),
            rights.manageUsers && h('td', {class: 'last'}, rowMenu(user, fetch)));
    }

    const search = searchField(text, (typed) => {
        text = typed;
        clearTimeout(timer);
        timer = setTimeout(again, pause);
    });
    /** @type {number | undefined} */
    let timer;
    const filter = field('status', t.users.status, {
        select: {'': t.users.all, ...t.status}, value: status, on: {change: (/** @type {any} */ event) => {
            status = event.target.value;
            again();
        }},
    });
    fill(table, h('caption', {class: 'hidden'}, t.users.title), h('thead', {}, h('tr', {},
        rights.manageUsers && h('td', {class: 'box'}, all),
        [t.users.user, t.users.status, t.users.roles, t.users.loginType, t.users.lastSeen]
            .map((each) => h('th', {scope: 'col'}, each)),
        rights.manageUsers && h('td', {}, h('span', {class: 'hidden'}, t.actions)))), body);
    main.append(
        heading(t.users.title, rights.createUsers && h('button', {type: 'button', class: 'primary', on: {
            click: async () => {
                if (await createUser()) fetch();
            },
        }}, t.users.create)),
        h('search', {class: 'filters'}, search.element, filter.element), problem, bulk,
        h('div', {class: 'scroll'}, table), pages.element);
    await fetch();
}

/**
 * @param {User} user
 * @param {() => void} changed
 */
function rowMenu(user, changed) {
    if (isMe(user) || !mayManage(user)) return null;
    /** @param {(user: User) => Promise<boolean>} action */
    const run = (action) => async () => {
        if (await action(user)) changed();
    };
    return menu('⋯', t.users.actionsFor(user.username), itemsFor(user, run));
}

/**
 * What may be done to a user, as items of a menu.
 * @param {User} user
 * @param {(action: (user: User) => Promise<boolean>) => () => void} run
 */
export function itemsFor(user, run) {
    const items = [
        user.status === 'suspended' ? {text: t.action.activate, run: run(actions.activate)}
            : {text: t.action.suspend, run: run(actions.suspend)},
        {text: t.action.endSessions, run: run(actions.endSessions)},
    ];
    if (isOwner()) items.push({text: t.action.roles, run: run(actions.changeRoles)});
    if (user.login_type === 'password')
        items.push({text: t.action.resetPassword, run: run(actions.resetPassword)});
    return [...items, {text: t.action.delete, run: run(actions.remove), danger: true}];
}
