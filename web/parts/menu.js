// A button that opens a menu, for the mouse and for the keyboard.
import {h, newId} from './dom.js';

/**
 * @param {Node | string} face of the button
 * @param {string} label
 * @param {{text: string, run: () => void, danger?: boolean}[]} items
 */
export function menu(face, label, items) {
    const id = newId();
    const list = h('div', {id, popover: 'auto', role: 'menu', class: 'menu', 'aria-label': label},
        items.map((each) => h('button', {
            type: 'button', role: 'menuitem', tabindex: -1, class: each.danger && 'danger',
            on: {
                click: () => {
                    list.hidePopover();
                    each.run();
                },
            },
        }, each.text)));
    const button = h('button', {
        type: 'button', class: 'menu-button', 'aria-haspopup': 'menu', 'aria-expanded': 'false',
        'aria-label': label, popovertarget: id,
    }, face);

    list.addEventListener('toggle', (event) => {
        const open = /** @type {ToggleEvent} */ (event).newState === 'open';
        button.setAttribute('aria-expanded', String(open));
        if (open) /** @type {HTMLElement | null} */ (list.firstElementChild)?.focus();
    });
    list.addEventListener('beforetoggle', (event) => {
        if (/** @type {ToggleEvent} */ (event).newState !== 'open') return;
        const at = button.getBoundingClientRect();
        list.style.insetInlineStart = 'auto';
        list.style.right = `${Math.max(8, document.documentElement.clientWidth - at.right)}px`;
        const room = document.documentElement.clientHeight - at.bottom;
        const tall = items.length * 44;
        list.style.top = room > tall ? `${at.bottom + 4}px` : `${Math.max(8, at.top - tall - 4)}px`;
    });
    list.addEventListener('keydown', (event) => {
        const all = /** @type {HTMLElement[]} */ ([...list.children]);
        const now = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
        /** @type {Record<string, number>} */
        const steps = {ArrowDown: now + 1, ArrowUp: now - 1, Home: 0, End: all.length - 1};
        if (event.key === 'Tab') return list.hidePopover();
        const next = steps[event.key];
        if (next === undefined) return;
        event.preventDefault();
        all.at(next % all.length)?.focus();
    });
    return h('span', {class: 'menu-place'}, button, list);
}
