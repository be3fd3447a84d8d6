// The tokens of a user: list, make, end, delete.
import * as api from '../api.js';
import {Refusal} from '../api.js';
import {t} from '../texts.js';
import {ask, copyBox, dialog} from './dialog.js';
import {fill, h, newId, short} from './dom.js';
import {choices, field, form} from './form.js';
import {act, load, notice, tell, words} from './notice.js';
import {isPast, timeAgo} from './time.js';

/** @import {User, Token} from '../types.js' */

const second = 1_000_000_000; // lifetimes are nanoseconds
const hour = 3_600 * second;

/**
 * @param {User} user
 * @param {AbortSignal} left
 */
export function tokensSection(user, left) {
    const id = newId();
    const place = h('div');
    const draw = () => load(place, () => api.tokens(user.id), (list) => list.length === 0
        ? h('p', {class: 'quiet'}, t.user.noTokens)
        : h('ul', {class: 'rows'}, list.map((token) => row(user, token, draw))), left);
    draw();
    return h('section', {class: 'card', 'aria-labelledby': id}, h('h2', {id}, t.user.tokens), place,
        h('div', {class: 'buttons'}, h('button', {type: 'button', on: {click: async () => {
            if (await makeToken(user)) await draw();
        }}}, t.user.newToken)));
}

/**
 * @param {User} user
 * @param {Token} token
 * @param {() => Promise<void>} changed
 */
function row(user, token, changed) {
    const expired = isPast(token.expires_at);
    const scopes = token.scopes ?? [token.scope];
    return h('li', {class: expired && 'expired'},
        h('div', {}, h('b', {}, short(token.token_name, 64)), ' ',
            expired ? h('span', {class: 'badge'}, t.user.expired) : null,
            h('p', {class: 'quiet'}, `${t.user.scopes}: ${scopes.filter(Boolean).join(', ') || t.none} · ${t.user.created} `, timeAgo(token.created_at),
                ` · ${t.user.lastUsed} `, timeAgo(token.last_used), ` · ${t.user.expires} `, timeAgo(token.expires_at))),
        !expired && h('button', {type: 'button', 'aria-label': `${t.user.expire}: ${token.token_name}`, on: {click: async () => {
            if (await act(() => api.expireKey(user.id, token.id), t.user.ended)) await changed();
        }}}, t.user.expire),
        h('button', {type: 'button', class: 'danger', 'aria-label': `${t.user.delete}: ${token.token_name}`, on: {click: async () => {
            const gone = await ask(t.user.deleteToken(token.token_name), {
                hint: t.user.deleteTokenHint, submit: t.user.delete, run: () => api.deleteKey(user.id, token.id),
            });
            if (gone) notice(t.action.deleted);
            if (gone) await changed();
        }}}, t.user.delete));
}

/** @param {User} user */
async function makeToken(user) {
    let made = false;
    try {
        const [config, names] = await Promise.all([api.tokenConfig(), scopeNames()]);
        await dialog(t.token.title, (close) => [body(user, config.max_token_lifetime, names, close, () => made = true)]);
    } catch (error) {
        await tell(words(error));
    }
    return made;
}

/** The scopes to choose from; none on a server without them. */
async function scopeNames() {
    try {
        return (await api.scopes()).external.filter((each) => !each.startsWith('coder:all'));
    } catch (error) {
        if (error instanceof Refusal && error.status === 404) return [];
        throw error;
    }
}

/**
 * @param {User} user
 * @param {number} longest nanoseconds
 * @param {string[]} names
 * @param {() => void} close
 * @param {() => void} done
 */
function body(user, longest, names, close, done) {
    const name = field('token_name', t.token.name, {hint: t.token.nameHint, spellcheck: false, autofocus: true});
    /** @type {[number, string][]} */
    const lives = [
        [hour, t.token.hour], [24 * hour, t.token.day], [7 * 24 * hour, t.token.week],
        [30 * 24 * hour, t.token.month], [90 * 24 * hour, t.token.quarter], [365 * 24 * hour, t.token.year],
        [longest, t.token.longest],
    ];
    const allowed = lives.filter(([length]) => length <= longest).map(([length, text]) => [`n${length}`, text]);
    const usual = `n${Math.min(30 * 24 * hour, longest)}`;
    const lifetime = field('lifetime', t.token.lifetime, {select: Object.fromEntries(allowed), value: usual});
    const power = field('scope', t.token.power, {select: {all: t.token.everything, chosen: t.token.chosen}});
    power.element.hidden = names.length === 0;
    const scopes = choices(t.user.scopes, names.map((value) => ({value, text: value})));
    scopes.element.classList.add('many');
    scopes.element.hidden = true;
    power.input.addEventListener('change', () => scopes.element.hidden = power.input.value === 'all');
    const place = h('div');

    async function send() {
        const chosen = power.input.value === 'all' ? [] : scopes.values();
        if (power.input.value !== 'all' && chosen.length === 0) return power.complain(t.required);
        const {key} = await api.makeToken(user.id, {
            token_name: name.input.value, lifetime: Number(lifetime.input.value.slice(1)),
            ...(chosen.length > 0 ? {scopes: chosen} : {}),
        });
        done();
        fill(place, h('h3', {tabIndex: -1}, t.token.done), h('p', {}, t.token.doneHint), copyBox(key, t.token.done),
            h('div', {class: 'buttons'}, h('button', {type: 'button', on: {click: close}}, t.close)));
        place.querySelector('h3')?.focus();
    }
    place.append(form({
        fields: [name, lifetime, power],
        content: [name.element, lifetime.element, power.element, scopes.element],
        submit: t.token.submit, send, cancel: close,
    }));
    return place;
}
