// Starts the page: who is there, the frame around every view, and the views.
import * as api from './api.js';
import {base, pageName} from './api.js';
import {fill, h} from './parts/dom.js';
import {failure} from './parts/notice.js';
import {start, to} from './router.js';
import {begin, session, signOut} from './session.js';
import {t} from './texts.js';
import {accountView} from './views/account.js';
import {auditView} from './views/audit.js';
import {cliAuthView} from './views/cli_auth.js';
import {loginView} from './views/login.js';
import {organizationView} from './views/organization.js';
import {organizationsView} from './views/organizations.js';
import {serverView} from './views/server.js';
import {setupView} from './views/setup.js';
import {userView} from './views/user.js';
import {usersView} from './views/users.js';

/** @import {View} from './types.js' */

document.documentElement.dataset.theme = localStorage.getItem('theme') ?? '';

const nav = h('nav', {'aria-label': t.main});
const account = h('div', {class: 'account'});
document.body.prepend(
    h('a', {href: '#main', class: 'skip', on: {click: (event) => {
        event.preventDefault();
        document.querySelector('main')?.focus();
    }}}, t.skip),
    h('header', {}, h('a', {href: base, class: 'brand'}, pageName), nav, account),
    h('main', {id: 'main', tabIndex: -1}));

/** @param {View} view */
const framed = (view) => (/** @type {import('./types.js').Place} */ place) => {
    frame(place.address);
    return view(place);
};

/** Shows what the signed-in user can go to. @param {URL} address */
function frame(address) {
    const {user, rights} = session;
    const here = address.pathname.slice(base.length);
    /** @param {string} name @param {string} text @param {string[]} also */
    const link = (name, text, ...also) => h('a', {
        href: to(name), 'aria-current': [name, ...also].includes(here) && 'page',
    }, text);
    fill(nav, user && [
        rights.readUsers && link('users', t.nav.users, '', 'user'),
        link('organizations', t.nav.organizations, 'organization'),
        rights.readAudit && link('audit', t.nav.audit),
        link('server', t.nav.server),
    ].filter((each) => each instanceof Node));
    fill(account, user && [
        link('account', user.username),
        h('button', {type: 'button', on: {click: () => signOut().catch(report)}}, t.nav.signOut),
    ]);
}

/** @type {View} */
const home = (place) => (session.rights.readUsers ? usersView : accountView)(place);

let anybody = true; // until the server says that there is no user

/** Where somebody who asks for an address gets. @param {string} address */
function decide(address) {
    const url = new URL(address, location.href);
    const name = url.pathname.slice(base.length).replace(/\/$/, '');
    const open = name === 'login' || name === 'setup';
    if (!session.user) {
        if (!anybody) return to('setup');
        if (name === 'login') return address;
        return to('login', {from: open || name === '' ? undefined : address});
    }
    if (open) return base;
    return address;
}

/** @param {unknown} error */
function report(error) {
    fill(document.querySelector('main') ?? document.body, failure(error, boot));
}

async function boot() {
    try {
        if (!await begin()) anybody = await api.hasFirstUser();
        addEventListener('set-up', () => anybody = true);
        await start({
            '': framed(home), login: framed(loginView), setup: framed(setupView),
            'cli-auth': framed(cliAuthView), users: framed(usersView), user: framed(userView),
            account: framed(accountView), organizations: framed(organizationsView),
            organization: framed(organizationView), audit: framed(auditView), server: framed(serverView),
        }, decide);
    } catch (error) {
        report(error);
    }
}

await boot();
