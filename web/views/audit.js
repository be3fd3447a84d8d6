// The audit log, with filters.
import * as api from '../api.js';
import {Refusal} from '../api.js';
import {auditList} from '../parts/audit_table.js';
import {fill, h} from '../parts/dom.js';
import {field} from '../parts/form.js';
import {failure} from '../parts/notice.js';
import {pager, pageSize} from '../parts/pager.js';
import {heading, note, to} from '../router.js';
import {t} from '../texts.js';

/** The filters of a search text. @param {string} text */
export function filtersOf(text) {
    /** @type {Record<string, string>} */
    const found = {};
    for (const [, key, quoted, plain] of text.matchAll(/(\w+):(?:"([^"]*)"|(\S+))/g))
        if (key) found[key] = quoted ?? plain ?? '';
    return found;
}

/** @param {Record<string, string>} filters */
export const textOf = (filters) => Object.entries(filters)
    .filter(([, value]) => value)
    .map(([key, value]) => /[\s:]/.test(value) ? `${key}:"${value.replaceAll('"', '')}"` : `${key}:${value.replaceAll('"', '')}`)
    .join(' ');

/** @type {import('../types.js').View} */
export async function auditView({main, address, left}) {
    const filters = filtersOf(address.searchParams.get('q') ?? '');
    let page = 0;
    let asked = new AbortController();
    left.addEventListener('abort', () => asked.abort());
    const place = h('div', {class: 'card'});
    const pages = pager((next) => {
        page = next;
        fetch();
    });

    async function fetch() {
        asked.abort();
        asked = new AbortController();
        const {signal} = asked;
        place.setAttribute('aria-busy', 'true');
        const q = textOf(filters);
        note(to('audit', {q}));
        try {
            const found = await api.audit({q, limit: pageSize, offset: page * pageSize || undefined}, signal);
            if (signal.aborted) return;
            fill(place, auditList(found.audit_logs));
            pages.show(page, found.audit_logs.length, found.count);
        } catch (error) {
            if (signal.aborted) return;
            const typing = error instanceof Refusal && error.status === 400;
            fill(place, typing ? h('p', {class: 'error', role: 'alert'}, error.validations.map((each) => each.detail).join('. '))
                : failure(error, fetch));
        }
        place.removeAttribute('aria-busy');
    }

    /** @type {number | undefined} */
    let timer;
    /** @param {string} key @param {string} label @param {Record<string, any>} properties */
    const filter = (key, label, properties) => {
        const made = field(key, label, {value: filters[key] ?? '', ...properties});
        made.input.addEventListener('input', () => {
            filters[key] = made.input.value;
            page = 0;
            clearTimeout(timer);
            timer = setTimeout(fetch, 150);
        });
        return made;
    };
    const fields = [
        filter('resource_type', t.audit.resource, {select: {'': t.audit.any, ...t.audit.resources}}),
        filter('action', t.audit.action, {select: {'': t.audit.any, ...t.audit.actions}}),
        filter('username', t.audit.user, {type: 'search', spellcheck: false}),
        filter('resource_target', t.audit.target, {type: 'search', spellcheck: false}),
        filter('date_from', t.audit.dateFrom, {type: 'date'}),
        filter('date_to', t.audit.dateTo, {type: 'date'}),
    ];
    main.append(heading(t.audit.title), h('search', {class: 'filters', 'aria-label': t.audit.filter},
        fields.map((each) => each.element),
        h('button', {type: 'button', on: {click: () => {
            for (const key of Object.keys(filters)) delete filters[key];
            for (const each of fields) each.input.value = '';
            page = 0;
            fetch();
        }}}, t.audit.reset)), place, pages.element);
    await fetch();
}
