// A fresh session token for a command line that asks for one.
import * as api from '../api.js';
import {copyBox} from '../parts/dialog.js';
import {h} from '../parts/dom.js';
import {load} from '../parts/notice.js';
import {heading} from '../router.js';
import {t} from '../texts.js';

/** @type {import('../types.js').View} */
export async function cliAuthView({main, left}) {
    // Only when asked to: a link from elsewhere must not make sessions.
    const make = () => load(place, api.makeSession, ({key}) => copyBox(key, t.cliAuth.token), left);
    const place = h('div', {}, h('button', {type: 'button', class: 'primary', on: {click: make}}, t.cliAuth.make));
    main.append(h('div', {class: 'card narrow'}, heading(t.cliAuth.title), h('p', {}, t.cliAuth.intro), place));
}
