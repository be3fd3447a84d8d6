// Dialogs: a form that may be cancelled, a question, and a text to copy.
import {t} from '../texts.js';
import {h, newId} from './dom.js';
import {field, form} from './form.js';
import {notice} from './notice.js';

/**
 * Opens a dialog; `build` gets a function that closes it.
 * @param {string} title
 * @param {(close: () => void) => (Node | false | null | undefined)[]} build
 * @returns {Promise<void>} when it is closed
 */
export function dialog(title, build) {
    return new Promise((resolve) => {
        const id = newId();
        const element = h('dialog', {'aria-labelledby': id, on: {
            close: () => {
                element.remove();
                resolve();
            },
        }});
        element.append(h('h2', {id}, title),
            ...build(() => element.close()).filter((each) => each instanceof Node));
        document.body.append(element);
        element.showModal();
    });
}

/**
 * Asks before something is done; false when the person does not want it.
 * @param {string} title
 * @param {object} wanted
 * @param {string} wanted.hint
 * @param {string} wanted.submit
 * @param {string} [wanted.type] what must be typed to go on
 * @param {() => Promise<unknown>} wanted.run a failure is shown in the dialog
 * @returns {Promise<boolean>}
 */
export async function ask(title, {hint, submit, type, run}) {
    let done = false;
    await dialog(title, (close) => {
        const typed = type === undefined ? undefined
            : field('typed', t.action.typeToDelete(type), {autofocus: true, spellcheck: false});
        return [h('p', {}, hint), form({
            fields: typed ? [typed] : [],
            submit,
            dangerous: true,
            cancel: close,
            send: async () => {
                if (typed && typed.input.value !== type) {
                    typed.complain(t.action.typeToDelete(type ?? ''));
                    typed.input.focus();
                    return;
                }
                await run();
                done = true;
                close();
            },
        })];
    });
    return done;
}

/**
 * A text to copy, such as a secret that is shown once.
 * @param {string} text
 * @param {string} label
 */
export function copyBox(text, label) {
    const box = h('textarea', {
        readOnly: true, 'aria-label': label, rows: Math.min(8, text.trim().split('\n').length + (text.length > 60 ? 1 : 0)),
        spellcheck: false, on: {focus: (event) => event.target.select()},
    });
    box.value = text;
    const copy = async () => {
        box.select();
        // Without https a browser has no clipboard for scripts.
        if (navigator.clipboard) await navigator.clipboard.writeText(text);
        else document.execCommand('copy');
        notice(t.copied);
    };
    return h('div', {class: 'copy'}, box,
        h('button', {type: 'button', class: 'primary', on: {click: copy}}, t.copy));
}

/** @param {string} title @param {string} hint @param {string} text */
export const showOnce = (title, hint, text) => dialog(title, (close) => [
    h('p', {}, hint), copyBox(text, title),
    h('div', {class: 'buttons'}, h('button', {type: 'button', on: {click: close}}, t.close)),
]);
