// What this server is and how it does.
import * as api from '../api.js';
import {apiPath} from '../api.js';
import {h} from '../parts/dom.js';
import {load} from '../parts/notice.js';
import {heading} from '../router.js';
import {session} from '../session.js';
import {t} from '../texts.js';
import {facts, section} from './user.js';

/** @param {number} count */
const number = (count) => count.toLocaleString('en');

/** @type {import('../types.js').View} */
export async function serverView({main, left}) {
    const [about, health, counts, links] = [h('div'), h('div'), h('div'), h('div')];
    main.append(heading(t.server.title), h('div', {class: 'sections'}, section(t.server.version, about),
        section(t.server.health, health), section(t.server.counts, counts), section(t.server.links, links)));
    await Promise.all([
        load(about, api.buildInfo, (info) => {
            const [release = '', own = ''] = info.version.split('+coder-users.');
            return facts([
                [t.server.version, own], [t.server.release, release.replace(/^v/, '').replace(/\.0$/, '')],
                [t.server.address, info.dashboard_url || location.origin],
                ...(info.deployment_id ? /** @type {[string, Node][]} */ ([[t.server.deployment, h('code', {}, info.deployment_id)]]) : []),
            ]);
        }, left),
        load(health, async () => api.servesHealth ? api.isReady() : undefined, (ready) => h('p', {
            class: ready ? 'good' : ready === undefined ? 'quiet' : 'error',
        }, ready ? t.server.ready : ready === undefined ? t.server.elsewhere : t.server.notReady), left),
        load(counts, countAll, (found) => facts(found.map(([name, count]) => [name, number(count)])), left),
        load(links, api.buildInfo, (info) => h('ul', {class: 'plain'},
            h('li', {}, h('a', {href: `${apiPath}/openapi.json`}, t.server.openapi)),
            h('li', {}, h('a', {href: info.external_url, rel: 'noreferrer'}, t.server.docs))), left),
    ]);
}

/** @returns {Promise<[string, number][]>} */
async function countAll() {
    /** @param {string} q */
    const users = async (q) => (await api.users({q, limit: 1})).count;
    const {readUsers, readAudit} = session.rights;
    return Promise.all([
        ...(readUsers ? /** @type {[string, string][]} */ ([
            [t.server.users, ''], [t.server.active, 'status:active'],
            [t.server.dormant, 'status:dormant'], [t.server.suspended, 'status:suspended'],
        ]).map(async ([name, q]) => /** @type {[string, number]} */ ([name, await users(q)])) : []),
        api.organizations().then((list) => /** @type {[string, number]} */ ([t.server.organizations, list.length])),
        ...(readAudit ? [api.audit({limit: 1}).then((found) => /** @type {[string, number]} */ ([t.server.entries, found.count]))] : []),
    ]);
}
