// Pages of a long list. The next page begins after the last row of this one, which costs the server
// the same however far it is; only a jump counts rows.
import {t} from '../texts.js';
import {fill, h} from './dom.js';

export const pageSize = 25;

/**
 * @param {(page: number) => void} turn
 */
export function pager(turn) {
    const range = h('span', {'aria-live': 'polite'});
    /** @type {(text: string, page: () => number) => HTMLButtonElement} */
    const button = (text, page) => h('button', {type: 'button', on: {click: () => turn(page())}}, text);
    let at = 0;
    let last = 0;
    const buttons = [
        button(t.users.first, () => 0), button(t.users.previous, () => at - 1),
        button(t.users.next, () => at + 1), button(t.users.last, () => last),
    ];
    return {
        element: h('nav', {class: 'pager', 'aria-label': t.users.pages}, range, buttons),
        /** @param {number} page @param {number} rows @param {number} count */
        show(page, rows, count) {
            at = page;
            last = Math.max(0, Math.ceil(count / pageSize) - 1);
            const from = page * pageSize;
            fill(range, rows ? t.users.range(from + 1, from + rows, count) : '');
            buttons.forEach((each, index) => each.disabled = index < 2 ? page === 0 : page >= last);
        },
    };
}
