// Entries of the audit log: who did what to whom, and what was different afterwards.
import {t} from '../texts.js';
import {h, short} from './dom.js';
import {timeAgo} from './time.js';
import {to} from '../router.js';

/** @import {AuditEntry, Change} from '../types.js' */

/**
 * The sentence of an entry, with its names in their places.
 * @param {AuditEntry} entry
 */
export function sentence(entry) {
    const parts = entry.description.split(/(\{user\}|\{target\})/);
    return h('span', {}, parts.map((part) => {
        if (part === '{user}') return entry.user ? h('b', {}, short(entry.user.username, 40)) : t.nobody;
        return part === '{target}' ? h('b', {}, short(entry.resource_target, 60)) : part;
    }));
}

/** Links to whom an entry is about. @param {AuditEntry} entry */
function people(entry) {
    const names = new Set();
    if (entry.user) names.add(entry.user.username);
    if (entry.resource_type === 'user' && !entry.is_deleted) names.add(entry.resource_target);
    return names.size > 0 && h('p', {}, [...names].flatMap((name) =>
        [h('a', {href: to('user', {name})}, short(name, 40)), ' ']));
}

/** @param {unknown} value */
function shown(value) {
    if (value === '' || (Array.isArray(value) && value.length === 0) || value === null)
        return h('span', {class: 'quiet'}, t.none);
    if (Array.isArray(value)) return short(value.map((each) => String(each)).join(', '), 200);
    return short(typeof value === 'object' ? JSON.stringify(value) : String(value), 200);
}

/** @param {Record<string, Change>} diff */
function difference(diff) {
    const fields = Object.entries(diff);
    if (fields.length === 0) return h('p', {class: 'quiet'}, t.audit.noDiff);
    return h('table', {class: 'diff'},
        h('thead', {}, h('tr', {}, [t.audit.field, t.audit.old, t.audit.new].map((each) => h('th', {scope: 'col'}, each)))),
        h('tbody', {}, fields.map(([name, change]) => h('tr', {}, h('th', {scope: 'row'}, name.replaceAll('_', ' ')),
            change.secret ? h('td', {colSpan: 2, class: 'quiet'}, t.audit.secret)
                : [h('td', {class: 'old'}, h('del', {}, shown(change.old))), h('td', {class: 'new'}, h('ins', {}, shown(change.new)))]))));
}

/** @param {AuditEntry[]} entries */
export const auditList = (entries) => entries.length === 0 ? h('p', {class: 'quiet'}, t.audit.empty)
    : h('ul', {class: 'audit'}, entries.map((entry) => h('li', {}, h('details', {},
        h('summary', {}, h('span', {class: 'when'}, timeAgo(entry.time)), ' ', sentence(entry), ' ',
            entry.status_code >= 400 && h('span', {class: 'badge suspended'}, entry.status_code)),
        difference(entry.diff), people(entry),
        h('p', {class: 'quiet'}, `${t.audit.status} ${entry.status_code} · ${t.audit.from} ${entry.ip || t.user.unknown} · ${t.audit.request} ${entry.request_id}`,
            entry.user_agent && ' · ', entry.user_agent && short(entry.user_agent, 120))))));
