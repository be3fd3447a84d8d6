// Forms: labelled fields, each with its hint and its error, and errors where the server says they
// belong.
import {Refusal} from '../api.js';
import {t} from '../texts.js';
import {fill, h, newId} from './dom.js';
import {words} from './notice.js';

/**
 * @typedef {object} Field
 * @property {string} name the server's name of it
 * @property {HTMLElement} element
 * @property {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} input
 * @property {(text: string) => void} complain
 */

/**
 * @param {string} name
 * @param {string} label
 * @param {Record<string, any>} [properties] of the input; `hint`, `select` (value to text) besides
 * @returns {Field}
 */
export function field(name, label, properties = {}) {
    const {hint, select, extra, ...rest} = properties;
    const id = newId();
    const errorId = newId();
    const hintId = newId();
    const described = {id, name, 'aria-describedby': hint ? `${hintId} ${errorId}` : errorId};
    const input = select
        ? h('select', {...described, ...rest}, Object.entries(select).map(([value, text]) =>
            h('option', {value, selected: value === rest.value}, /** @type {string} */ (text))))
        : h('input', {autocomplete: 'off', ...described, ...rest});
    const error = h('p', {class: 'error', id: errorId});
    const element = h('div', {class: 'field'}, h('label', {for: id}, label), input,
        extra, hint && h('p', {class: 'quiet', id: hintId}, hint), error);
    /** @param {string} text */
    const complain = (text) => {
        fill(error, text);
        if (text) input.setAttribute('aria-invalid', 'true');
        else input.removeAttribute('aria-invalid');
    };
    input.addEventListener('input', () => complain(''));
    return {name, element, input, complain};
}

/**
 * Boxes to tick, one for each value.
 * @param {string} label
 * @param {{value: string, text: string, hint?: string, checked?: boolean, disabled?: boolean}[]} choices
 */
export function choices(label, choices) {
    const boxes = choices.map((each) => {
        const hintId = newId();
        const box = h('input', {
            type: 'checkbox', value: each.value, checked: each.checked, disabled: each.disabled,
            'aria-describedby': each.hint && hintId,
        });
        const element = h('div', {class: 'choice'}, h('label', {}, box, ' ', each.text),
            each.hint && h('p', {class: 'quiet', id: hintId}, each.hint));
        return {box, element};
    });
    return {
        element: h('fieldset', {}, h('legend', {}, label), boxes.map((each) => each.element)),
        values: () => boxes.filter((each) => each.box.checked).map((each) => each.box.value),
    };
}

/** What a rule of the server means. @param {string} detail */
function explained(detail) {
    const rule = /^Validation failed for tag "(\w+)"/.exec(detail)?.[1];
    return (rule && t.rules[rule]) || detail;
}

/**
 * @param {object} wanted
 * @param {Field[]} wanted.fields those that may be wrong
 * @param {(Node | false | null | undefined)[]} [wanted.content] in the order of reading; else the fields
 * @param {string} wanted.submit
 * @param {() => Promise<unknown>} wanted.send
 * @param {() => void} [wanted.cancel]
 * @param {boolean} [wanted.dangerous]
 */
export function form({fields, content, submit, send, cancel, dangerous}) {
    const error = h('p', {class: 'error', role: 'alert'});
    const button = h('button', {class: dangerous ? 'danger' : 'primary'}, submit);
    const element = h('form', {
        noValidate: true,
        on: {
            submit: async (/** @type {SubmitEvent} */ event) => {
                event.preventDefault();
                if (button.disabled) return;
                fill(error);
                for (const each of fields) each.complain('');
                const empty = fields.filter((each) => each.input.required && !each.input.value &&
                    !each.element.hidden);
                for (const each of empty) each.complain(t.required);
                if (empty[0]) return empty[0].input.focus();
                button.disabled = true;
                element.setAttribute('aria-busy', 'true');
                try {
                    await send();
                } catch (refusal) {
                    show(refusal);
                } finally {
                    button.disabled = false;
                    element.removeAttribute('aria-busy');
                }
            },
        },
    }, content ?? fields.map((each) => each.element), error,
    h('div', {class: 'buttons'}, button,
        cancel && h('button', {type: 'button', on: {click: cancel}}, t.cancel)));

    /** @param {unknown} refusal */
    function show(refusal) {
        const broken = refusal instanceof Refusal ? refusal.validations : [];
        const owned = broken.filter((each) => {
            const owner = fields.find((field) => field.name === each.field && !field.element.hidden);
            owner?.complain(explained(each.detail));
            return owner;
        });
        fields.find((each) => each.input.hasAttribute('aria-invalid'))?.input.focus();
        if (owned.length === 0 || owned.length < broken.length) fill(error, words(refusal));
    }
    return element;
}
