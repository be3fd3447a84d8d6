// Sign in, by whatever the server offers, and go back to where one was.
import * as api from '../api.js';
import {h} from '../parts/dom.js';
import {field, form} from '../parts/form.js';
import {load} from '../parts/notice.js';
import {go, heading, safe} from '../router.js';
import {begin, tellTabs} from '../session.js';
import {t} from '../texts.js';

/** @type {import('../types.js').View} */
export async function loginView({main, address, left}) {
    const from = safe(address.searchParams.get('from'));
    const place = h('div');
    main.append(h('div', {class: 'card narrow'}, heading(t.login.title), place));
    await load(place, api.authMethods, (methods) => {
        const providers = [
            methods.oidc.enabled && provider('oidc', methods.oidc.signInText, methods.oidc.iconUrl, from),
            methods.github.enabled && provider('github', t.login.github, '', from),
        ].filter((each) => each instanceof Node);
        const shown = [
            methods.password.enabled && passwordForm(from),
            methods.password.enabled && providers.length > 0 && h('p', {class: 'quiet or'}, t.login.or),
            ...providers,
        ];
        return shown.some(Boolean) ? shown : h('p', {}, t.login.nothing);
    }, left);
    place.querySelector('input')?.focus();
}

/** @param {string} from */
function passwordForm(from) {
    const email = field('email', t.login.email, {type: 'email', required: true, autocomplete: 'username'});
    const password = field('password', t.login.password, {
        type: 'password', required: true, autocomplete: 'current-password',
    });
    return form({
        fields: [email, password],
        submit: t.login.submit,
        send: async () => {
            await api.logIn(email.input.value, password.input.value);
            await begin();
            tellTabs();
            await go(from, true);
        },
    });
}

/**
 * @param {'oidc' | 'github'} kind
 * @param {string} text
 * @param {string} icon
 * @param {string} from
 */
function provider(kind, text, icon, from) {
    return h('a', {class: 'button provider', href: api.providerUrl(kind, from)},
        /^(https:|data:|\/)/.test(icon) && h('img', {src: icon, alt: '', width: 20, height: 20}), t.login.with(text));
}
