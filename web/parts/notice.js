// Tells what happened: short notices that screen readers say, and refusals in the server's words.
import {Refusal} from '../api.js';
import {t} from '../texts.js';
import {fill, h} from './dom.js';

const region = h('div', {class: 'notices', role: 'status', 'aria-live': 'polite'});
document.body.append(region);

/** @param {string} text */
export function notice(text) {
    const shown = h('p', {}, text);
    region.append(shown);
    setTimeout(() => shown.remove(), 5_000);
}

/**
 * What a person reads about a failure.
 * @param {unknown} error
 */
export function words(error) {
    if (!(error instanceof Refusal)) return t.failed;
    if (error.status === 0) return t.lost;
    if (error.status === 503) return t.busy;
    const details = error.validations.map((each) => each.detail).filter((each) => each !== error.message);
    return [error.message || t.failed, error.detail, ...details].filter(Boolean).join(' ');
}

/**
 * A failure in the place of what it kept from being drawn.
 * @param {unknown} error
 * @param {() => void} [retry]
 */
export function failure(error, retry) {
    return h('div', {class: 'failure', role: 'alert'}, h('p', {}, words(error)),
        retry && h('button', {type: 'button', on: {click: retry}}, t.retry));
}

/**
 * Draws what has to be fetched first. Shows that it loads, and failures with a way to try again.
 * @template T
 * @param {Element} place
 * @param {() => Promise<T>} fetch
 * @param {(found: T) => (Node | string | false | null | undefined | (Node | string | false | null | undefined)[])} draw
 * @param {AbortSignal} [left]
 */
export async function load(place, fetch, draw, left) {
    place.setAttribute('aria-busy', 'true');
    const slow = setTimeout(() => {
        if (!place.hasChildNodes()) fill(place, h('p', {class: 'quiet'}, t.loading));
    }, 200);
    try {
        const found = await fetch();
        if (!left?.aborted) fill(place, ...[draw(found)].flat());
    } catch (error) {
        if (!left?.aborted) fill(place, failure(error, () => load(place, fetch, draw, left)));
    } finally {
        clearTimeout(slow);
        place.removeAttribute('aria-busy');
    }
}

/**
 * Runs what a button does, and tells how it went.
 * @param {() => Promise<unknown>} run
 * @param {string} done
 */
export async function act(run, done) {
    try {
        await run();
        notice(done);
        return true;
    } catch (error) {
        await tell(words(error));
        return false;
    }
}

/**
 * A refusal that must be read.
 * @param {string} text
 * @returns {Promise<void>}
 */
export function tell(text) {
    return new Promise((resolve) => {
        const dialog = h('dialog', {'aria-label': t.failed, role: 'alertdialog', on: {
            close: () => {
                dialog.remove();
                resolve();
            },
        }}, h('p', {}, text), h('form', {method: 'dialog', class: 'buttons'},
            h('button', {class: 'primary', autofocus: true}, t.close)));
        document.body.append(dialog);
        dialog.showModal();
    });
}
