// Goes from view to view without loading the page anew. Addresses have one segment below the page's
// own root, so that a view can be opened at once, too.
import {base} from './api.js';
import {h} from './parts/dom.js';
import {pageName} from './api.js';

/** @import {View} from './types.js' */

/** @type {Map<string, View>} */
const views = new Map();
let left = new AbortController();

/** @type {(address: string) => string} */
let guard = (address) => address;

/**
 * @param {Record<string, View>} all by the segment of their address
 * @param {(address: string) => string} decide where somebody who asks for an address gets
 */
export function start(all, decide) {
    for (const [name, view] of Object.entries(all)) views.set(name, view);
    guard = decide;
    addEventListener('popstate', () => show());
    addEventListener('click', (event) => {
        const link = event.target instanceof Element ? event.target.closest('a') : null;
        if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey ||
            link.target || link.origin !== location.origin || !isView(link.pathname)) return;
        event.preventDefault();
        go(link.pathname + link.search);
    });
    return show();
}

/** @param {string} path */
const nameOf = (path) => path.slice(base.length).replace(/\/$/, '');

/** @param {string} path */
const isView = (path) => path.startsWith(base) && views.has(nameOf(path));

/**
 * The address of a view.
 * @param {string} name
 * @param {Record<string, string | undefined>} [values]
 */
export function to(name, values = {}) {
    const query = new URLSearchParams();
    for (const [key, value] of Object.entries(values)) if (value) query.set(key, value);
    const text = query.toString();
    return base + name + (text ? '?' + text : '');
}

/** @param {string} address @param {boolean} [instead] of the present one in the history */
export function go(address, instead = false) {
    history[instead ? 'replaceState' : 'pushState'](null, '', address);
    return show();
}

/** Notes in the address what a view shows, without drawing it anew. @param {string} address */
export function note(address) {
    history.replaceState(null, '', address);
}

/** The path of a view that an address leads to; the start for any other text. @param {string | null} text */
export function safe(text) {
    if (!text || !URL.canParse(text, location.href)) return base;
    const url = new URL(text, location.href);
    return url.origin === location.origin && isView(url.pathname) ? url.pathname + url.search : base;
}

/** Draws the view of the present address. */
export async function show() {
    const asked = location.pathname + location.search;
    const decided = guard(asked);
    if (decided !== asked) history.replaceState(null, '', decided);
    for (const dialog of document.querySelectorAll('dialog')) dialog.close();
    left.abort();
    left = new AbortController();
    const address = new URL(location.href);
    const view = views.get(nameOf(address.pathname)) ?? views.get('');
    const main = h('main', {id: 'main', tabIndex: -1});
    document.querySelector('main')?.replaceWith(main);
    await view?.({main, address, left: left.signal});
}

/**
 * The title of a view, on the page and of the document. Takes the focus, so that a screen reader says
 * where one is.
 * @param {string} text
 * @param {...(Node | false)} beside
 */
export function heading(text, ...beside) {
    document.title = `${text} – ${pageName}`;
    const title = h('h1', {tabIndex: -1}, text);
    queueMicrotask(() => {
        if (document.activeElement === document.body || !document.activeElement) title.focus({preventScroll: true});
    });
    return h('div', {class: 'heading'}, title, ...beside);
}
