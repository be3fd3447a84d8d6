// A search field that knows the keys of the server's search.
import {t} from '../texts.js';
import {fill, h, newId} from './dom.js';
import {siteRoles} from './roles.js';

const roleNames = new Set(['owner', 'user-admin', 'template-admin', 'auditor', 'member']);
/** @type {Record<string, Iterable<string>>} */
const values = {
    status: ['active', 'dormant', 'suspended'],
    role: roleNames,
    login_type: ['password', 'github', 'oidc', 'none'],
    service_account: ['true', 'false'],
};
const times = ['last_seen_before', 'last_seen_after', 'created_before', 'created_after'];

/** What may follow what was typed. @param {string} text @returns {{text: string, hint: string}[]} */
export function suggestions(text) {
    const start = text.lastIndexOf(' ') + 1;
    const before = text.slice(0, start);
    const word = text.slice(start).toLowerCase();
    if (!word || (before.split('"').length - 1) % 2 === 1) return [];
    const [key = '', value] = word.split(':', 2);
    if (value === undefined)
        return Object.keys(t.keys).filter((each) => each.startsWith(key))
            .map((each) => ({text: `${before}${each}:`, hint: t.keys[each] ?? ''}));
    if (times.includes(key) && !value) {
        const today = new Date().toISOString().slice(0, 10);
        return [{text: `${before}${key}:"${today}T00:00:00Z"`, hint: ''}];
    }
    return [...values[key] ?? []].filter((each) => each.startsWith(value) && each !== value)
        .map((each) => ({text: `${before}${key}:${each}`, hint: ''}));
}

/** The program that this server is part of may have roles of its own. Without them the field works, too. */
const learnRoles = () => siteRoles().then((roles) => {
    for (const role of roles) roleNames.add(role.name);
}, () => {});

/**
 * @param {string} value
 * @param {(text: string) => void} changed
 */
export function searchField(value, changed) {
    const [id, listId, hintId] = [newId(), newId(), newId()];
    const list = h('ul', {id: listId, role: 'listbox', class: 'suggestions', 'aria-label': t.users.suggestions, hidden: true});
    const input = h('input', {
        id, type: 'search', value, autocomplete: 'off', spellcheck: false, role: 'combobox',
        'aria-expanded': 'false', 'aria-controls': listId, 'aria-autocomplete': 'list',
        'aria-describedby': hintId, maxLength: 2000,
    });
    let chosen = -1;

    function open() {
        const found = suggestions(input.value);
        chosen = -1;
        fill(list, found.map((each) => h('li', {
            role: 'option', id: newId(), 'aria-selected': 'false', 'data-text': each.text,
            on: {pointerdown: (event) => {
                event.preventDefault();
                take(each.text);
            }},
        }, h('code', {}, each.text.slice(input.value.lastIndexOf(' ') + 1)), ' ',
        each.hint && h('span', {class: 'quiet'}, each.hint))));
        shut(found.length === 0);
    }
    /** @param {boolean} hidden */
    function shut(hidden) {
        list.hidden = hidden;
        input.setAttribute('aria-expanded', String(!hidden));
        if (hidden) input.removeAttribute('aria-activedescendant');
    }
    /** @param {string} text */
    function take(text) {
        input.value = text;
        changed(text);
        open();
        input.focus();
    }
    /** @param {number} step */
    function move(step) {
        const options = [...list.children];
        chosen = (chosen + step + options.length + (chosen < 0 && step < 0 ? 1 : 0)) % options.length;
        options.forEach((each, index) => each.setAttribute('aria-selected', String(index === chosen)));
        input.setAttribute('aria-activedescendant', options[chosen]?.id ?? '');
        options[chosen]?.scrollIntoView({block: 'nearest'});
    }
    input.addEventListener('input', () => {
        changed(input.value);
        open();
    });
    input.addEventListener('focus', learnRoles, {once: true});
    input.addEventListener('blur', () => shut(true));
    input.addEventListener('keydown', (event) => {
        if (list.hidden) return;
        if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
            event.preventDefault();
            move(event.key === 'ArrowDown' ? 1 : -1);
        } else if (event.key === 'Escape') {
            event.preventDefault();
            shut(true);
        } else if (event.key === 'Enter' && chosen >= 0) {
            event.preventDefault();
            take(/** @type {HTMLElement} */ (list.children[chosen]).dataset.text ?? '');
        }
    });
    return {
        input,
        element: h('div', {class: 'field search'}, h('label', {for: id}, t.users.search), input,
            h('p', {class: 'quiet', id: hintId}, t.users.searchHint), list),
    };
}
