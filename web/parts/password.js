// A field for a new password: shows it on demand, makes one up, and says how strong it is, by the
// server's own answer.
import * as api from '../api.js';
import {t} from '../texts.js';
import {fill, h} from './dom.js';
import {field} from './form.js';

const pause = 500; // milliseconds after the last key
const alphabet = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789';

/** A password that nobody has thought of, of about 110 bits. */
export function madeUp() {
    const groups = [];
    for (let group = 0; group < 4; ++group) {
        let text = '';
        while (text.length < 5) {
            const byte = crypto.getRandomValues(new Uint8Array(1))[0];
            if (byte < 256 - 256 % alphabet.length) text += alphabet[byte % alphabet.length];
        }
        groups.push(text);
    }
    return groups.join('-');
}

/**
 * @param {string} name
 * @param {string} label
 * @param {{generate?: boolean, value?: string}} [wanted]
 */
export function newPassword(name, label, {generate = false, value = ''} = {}) {
    const verdict = h('p', {class: 'quiet', 'aria-live': 'polite'});
    /** @type {number | undefined} */
    let timer;
    let asked = new AbortController();

    async function check() {
        const password = made.input.value;
        fill(verdict);
        if (!password) return;
        asked = new AbortController();
        try {
            const answer = await api.validatePassword(password, asked.signal);
            fill(verdict, answer.valid ? t.password.strong : answer.details);
            verdict.className = answer.valid ? 'good' : 'quiet';
        } catch {
            // It is help while one types: the server judges in the end, and says why.
        }
    }
    function soon() {
        clearTimeout(timer);
        asked.abort();
        timer = setTimeout(check, pause);
    }
    const show = h('button', {type: 'button', 'aria-pressed': 'false', on: {click: () => reveal(made.input.type === 'password')}}, t.show);
    /** @param {boolean} visible */
    function reveal(visible) {
        made.input.setAttribute('type', visible ? 'text' : 'password');
        fill(show, visible ? t.hide : t.show);
        show.setAttribute('aria-pressed', String(visible));
    }
    const make = generate && h('button', {type: 'button', on: {click: () => {
        /** @type {HTMLInputElement} */ (made.input).value = madeUp();
        made.complain('');
        reveal(true);
        soon();
    }}}, t.password.generate);
    const made = field(name, label, {
        type: 'password', required: true, autocomplete: 'new-password', value, spellcheck: false,
        extra: h('div', {class: 'beside'}, show, make, verdict), on: {input: soon},
    });
    if (value) reveal(true);
    return made;
}
