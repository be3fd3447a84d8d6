// The first visit: creates the owner and signs in.
import * as api from '../api.js';
import {base, Refusal} from '../api.js';
import {h} from '../parts/dom.js';
import {field, form} from '../parts/form.js';
import {newPassword} from '../parts/password.js';
import {go, heading} from '../router.js';
import {begin, tellTabs} from '../session.js';
import {t} from '../texts.js';

/** @type {import('../types.js').View} */
export function setupView({main}) {
    const email = field('email', t.setup.email, {type: 'email', required: true, autocomplete: 'username', autofocus: true});
    const username = field('username', t.setup.username, {required: true, spellcheck: false});
    const name = field('name', t.setup.name, {autocomplete: 'name'});
    const password = newPassword('password', t.setup.password);
    const code = field('setup_code', t.setup.code, {hint: t.setup.codeHint, required: true, spellcheck: false});
    code.element.hidden = true;

    async function send() {
        try {
            await api.createFirstUser({
                email: email.input.value, username: username.input.value, name: name.input.value,
                password: password.input.value,
            }, code.input.value);
        } catch (error) {
            // Only then is a code needed; and somebody else may have been faster.
            if (error instanceof Refusal && error.status === 403) code.element.hidden = false;
            if (error instanceof Refusal && error.status === 409) dispatchEvent(new Event('set-up'));
            throw error;
        }
        dispatchEvent(new Event('set-up'));
        await api.logIn(email.input.value, password.input.value);
        await begin();
        tellTabs();
        await go(base, true);
    }
    main.append(h('div', {class: 'card narrow'}, heading(t.setup.title), h('p', {}, t.setup.intro),
        form({fields: [email, username, name, password, code], submit: t.setup.submit, send})));
    email.input.focus();
}
