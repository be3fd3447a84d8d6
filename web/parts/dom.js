// Builds elements. Texts become text nodes, never markup.

/** @typedef {Node | string | number | false | null | undefined} Child */

/**
 * Properties of an element: `on` holds listeners, `class` and names with a dash are attributes, what is
 * undefined or false is left out.
 * @typedef {Record<string, any> & {on?: Record<string, (event: any) => void>}} Properties
 */

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Properties} [properties]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function h(tag, properties = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
        if (value === undefined || value === null || value === false) continue;
        if (name === 'on') {
            for (const [event, listener] of Object.entries(value))
                element.addEventListener(event, /** @type {EventListener} */ (listener));
        } else if (name in element && !attributesOnly.has(name) && !name.includes('-')) {
            /** @type {any} */ (element)[name] = value;
        } else {
            element.setAttribute(name, value === true ? '' : String(value));
        }
    }
    fill(element, ...children);
    return element;
}

const attributesOnly = new Set(['class', 'list', 'form', 'role', 'popover']);

/**
 * Replaces what an element holds. The focus stays with what has the same name afterwards, so that a
 * keyboard does not begin anew at the top when a list is drawn again.
 * @param {Element} element
 * @param {...(Child | Child[])} children
 */
export function fill(element, ...children) {
    /** @type {(Node | string)[]} */
    const nodes = [];
    for (const child of children.flat())
        if (child !== false && child !== null && child !== undefined)
            nodes.push(typeof child === 'number' ? String(child) : child);
    const focused = document.activeElement;
    const name = focused && focused !== element && element.contains(focused) ? nameOf(focused) : undefined;
    element.replaceChildren(...nodes);
    if (name === undefined) return;
    const all = [...element.querySelectorAll(focused?.localName ?? '*')];
    const same = all.find((each) => nameOf(each) === name) ?? element.closest('section, main')?.querySelector('h1, h2');
    if (!(same instanceof HTMLElement)) return;
    if (/^h[12]$/.test(same.localName)) same.tabIndex = -1;
    same.focus({preventScroll: true});
}

/** @param {Element} element */
const nameOf = (element) => element.getAttribute('aria-label') || element.getAttribute('name') || element.textContent;

let numbers = 0;
/** A new id, for labels and descriptions. */
export const newId = () => `e${++numbers}`;

/**
 * Cuts a text that would fill the screen; the whole of it is in the title.
 * @param {string} text
 * @param {number} [most] characters
 */
export function short(text, most = 80) {
    const characters = Array.from(text.slice(0, most * 4));
    if (characters.length <= most && text.length <= most * 4) return h('bdi', {}, text);
    return h('bdi', {title: text.slice(0, 2000)}, characters.slice(0, most).join('') + '…');
}
