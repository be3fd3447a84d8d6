// Roles as people see them.
import * as api from '../api.js';
import {t} from '../texts.js';
import {h} from './dom.js';
import {choices} from './form.js';

/** The name without the organization that older releases add. @param {string} name */
export const plainRole = (name) => name.split(':')[0] ?? name;

/** @param {{name: string, display_name?: string}} role */
export const roleText = (role) => role.display_name || plainRole(role.name);

/** @param {{name: string, display_name?: string}[]} roles */
export const badges = (roles) => roles.length === 0 ? h('span', {class: 'quiet'}, '–')
    : h('span', {class: 'badges'}, roles.map((role) => h('span', {class: 'badge'}, roleText(role))));

/** @param {string} status */
export const statusBadge = (status) =>
    h('span', {class: `badge status ${status}`}, t.status[status] ?? status);

/**
 * Boxes of roles, with what each may do.
 * @param {{name: string, display_name: string, assignable: boolean}[]} roles
 * @param {string[]} held
 */
export function roleChoices(roles, held) {
    const names = held.map(plainRole);
    const listed = new Set(roles.map((role) => plainRole(role.name)));
    const kept = held.filter((name) => !listed.has(plainRole(name)));
    const made = choices(t.user.roles, roles.map((role) => ({
        value: role.name, text: roleText(role), checked: names.includes(plainRole(role.name)),
        hint: t.roles[plainRole(role.name)] ?? t.otherRole,
        disabled: !role.assignable,
    })));
    return {element: made.element, values: () => [...made.values(), ...kept]};
}

/** @type {Promise<import('../types.js').AssignableRole[]> | undefined} */
let known;
/** The site roles, asked for once. */
export const siteRoles = () => known ??= api.siteRoles().catch((error) => {
    known = undefined;
    throw error;
});
