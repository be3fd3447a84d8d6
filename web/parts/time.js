// <time-ago>: a moment as people say it, exact on hover and for screen readers on demand.
import {h} from './dom.js';
import {t} from '../texts.js';

const never = '0001-01-01T00:00:00Z';
const relative = new Intl.RelativeTimeFormat('en', {numeric: 'auto'});
const exact = new Intl.DateTimeFormat('en-GB', {dateStyle: 'long', timeStyle: 'long'});

/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const units = [
    ['year', 31_557_600], ['month', 2_629_800], ['week', 604_800], ['day', 86_400],
    ['hour', 3_600], ['minute', 60], ['second', 1],
];

/** @param {string} moment @param {number} now milliseconds */
export function inWords(moment, now) {
    if (moment === never) return t.never;
    const seconds = (Date.parse(moment) - now) / 1000;
    for (const [unit, size] of units)
        if (Math.abs(seconds) >= size || unit === 'second')
            return relative.format(Math.round(seconds / size), unit);
    return '';
}

class TimeAgo extends HTMLElement {
    connectedCallback() {
        this.draw();
        this.timer = setInterval(() => this.draw(), 30_000);
    }

    disconnectedCallback() {
        clearInterval(this.timer);
    }

    draw() {
        const moment = this.getAttribute('datetime') ?? never;
        const text = inWords(moment, Date.now());
        if (this.textContent === text) return;
        if (moment === never) return this.replaceChildren(text);
        this.replaceChildren(h('time', {
            datetime: moment, title: exact.format(Date.parse(moment)),
        }, text));
    }
}
customElements.define('time-ago', TimeAgo);

/** @param {string} moment as the server wrote it */
export function timeAgo(moment) {
    const element = document.createElement('time-ago');
    element.setAttribute('datetime', moment);
    return element;
}

/** @param {string} moment */
export const isPast = (moment) => Date.parse(moment) <= Date.now();
