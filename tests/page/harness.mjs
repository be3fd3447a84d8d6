// What the journeys stand on: the demo server with a database of its own, one browser, and pages that
// note every complaint.
//
// DEMO is the server, CHROMIUM the browser. With WEB=<folder> the page's files come from there and not
// from the server, so that they can be worked on without a build.
import {execFileSync, spawn} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import os from 'node:os';
import path from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';

const packages = process.env.NODE_PACKAGES;
const require = createRequire(path.join(packages, 'x.js'));
const {chromium} = await import(pathToFileURL(path.join(packages, 'playwright-core/index.mjs')));
const axeSource = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

export const demo = process.env.DEMO;
export const here = path.dirname(fileURLToPath(import.meta.url));
export const password = 'correct-Horse-9';
const work = mkdtempSync(path.join(os.tmpdir(), 'coder-users-page-'));
/** @type {Set<import('node:child_process').ChildProcess>} */
const children = new Set();
let browser;

/** Ends what this program has started. */
export async function end() {
    await browser?.close();
    for (const child of children) child.kill('SIGTERM');
    rmSync(work, {recursive: true, force: true});
}
process.on('exit', () => {
    for (const child of children) child.kill('SIGKILL');
});

/** Starts a program and waits for a line of its output; what the pattern's group holds. */
export function launch(command, args, pattern, {env = {}, cwd = work} = {}) {
    const child = spawn(command, args, {env: {...process.env, ...env}, cwd, stdio: ['pipe', 'pipe', 'pipe']});
    children.add(child);
    const said = {stdout: '', stderr: ''};
    const found = new Promise((resolve, reject) => {
        for (const name of ['stdout', 'stderr'])
            child[name].on('data', (bytes) => {
                said[name] += bytes;
                const match = pattern.exec(said.stdout);
                if (match) resolve(match[1]);
            });
        child.on('error', reject);
        child.on('exit', (code) => {
            children.delete(child);
            reject(new Error(`${command} ended with ${code}: ${said.stderr}`));
        });
    });
    found.catch(() => {});
    return {child, found, said};
}

const digits = (text, size) => text.padEnd(size, '0').slice(0, size);
const sessionOf = (name) => `${digits(name.replaceAll('-', ''), 10)}-${digits('secret' + name.replaceAll('-', ''), 22)}`;

/** The example of a program with a server of its own, which has mounted API and page. */
export async function host() {
    const folder = mkdtempSync(path.join(work, 'host-'));
    const {child, found} = launch(process.env.HOST, ['0'], /(http:\S+)/, {cwd: folder});
    return {url: await found, stop: () => new Promise((resolve) => {
        child.on('exit', resolve);
        child.kill('SIGTERM');
    })};
}

/** People of a seed: one of each role, with sessions. */
export const people = ['owner', 'user-admin', 'auditor', 'member'].map((name) => ({
    username: name, email: `${name}@example.org`, password, status: 'active',
    roles: name === 'member' ? [] : [name], sessions: [sessionOf(name)], organization: 'crew',
}));

let files = 0;

/** A server with these people in it; none: a fresh one. */
export async function serve({seed = people, args = [], port = 0} = {}) {
    const database = path.join(work, `${++files}.db`);
    if (seed.length > 0) {
        const list = path.join(work, 'seed.json');
        writeFileSync(list, JSON.stringify(seed));
        execFileSync(demo, ['--database', database, '--password-hash-cost', '4', 'seed', list], {stdio: 'pipe'});
    }
    const {child, found, said} = launch(demo, ['--database', database, '--http-address', `127.0.0.1:${port}`,
        '--password-hash-cost', '4', '--dangerous-disable-rate-limits', ...args], /listens on (http:[^,]*),/);
    const url = await found;
    return {
        url, said,
        stop: () => new Promise((resolve) => {
            child.on('exit', resolve);
            child.kill('SIGTERM');
        }),
        /** A call of the API, as curl would send it. */
        async call(method, target, token, body) {
            const answer = await fetch(`${url}/api/v2${target}`, {
                method, headers: token ? {'Coder-Session-Token': token} : {},
                ...(body === undefined ? {} : {body: JSON.stringify(body)}),
            });
            const text = await answer.text();
            return {status: answer.status, json: text ? JSON.parse(text) : undefined};
        },
        as: (name) => sessionOf(name),
    };
}

async function theBrowser() {
    browser ??= await chromium.launch({
        executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'],
    });
    return browser;
}

/** Files of the page from a folder, as the server would send them. */
async function fromFolder(context, server) {
    const types = {'.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.html': 'text/html'};
    const policy = (await fetch(server.url)).headers.get('content-security-policy');
    await context.route((url) => url.origin === server.url && !/^\/(api\/|readyz|settings\.js)/.test(url.pathname), async (route) => {
        const name = new URL(route.request().url()).pathname;
        const file = path.join(process.env.WEB, path.extname(name) ? name : 'index.html');
        await route.fulfill({
            body: readFileSync(file), contentType: `${types[path.extname(file)]}; charset=utf-8`,
            headers: {'content-security-policy': policy},
        }).catch(() => {}); // the window is closed
    });
}

/**
 * Opens a window: signed in as `as`, or not at all. Its `complaints` must be empty at the end: errors of
 * scripts, of the console, and of the content security policy. What the network answers is no complaint:
 * browsers write every 4xx into the console.
 */
export async function visit(server, {base = '/', as, scheme = 'light', width = 1200, height = 800, at = '/', context: shared, zoom} = {}) {
    const context = shared ?? await (await theBrowser()).newContext({
        colorScheme: scheme, viewport: {width, height}, baseURL: server.url, reducedMotion: 'reduce',
        permissions: ['clipboard-read', 'clipboard-write'], ...(zoom ? {deviceScaleFactor: zoom} : {}),
    });
    context.setDefaultTimeout(8_000);
    if (as && !shared) await context.addCookies([{
        name: 'coder_session_token', value: server.as(as), url: server.url, httpOnly: true, sameSite: 'Lax',
    }]);
    if (process.env.WEB && base === '/' && !shared) await fromFolder(context, server);
    const page = await context.newPage();
    const complaints = [];
    page.on('console', (message) => {
        const text = message.text();
        if (['error', 'warning'].includes(message.type()) && !text.startsWith('Failed to load resource: '))
            complaints.push(text);
    });
    page.on('response', (response) => {
        const url = new URL(response.url());
        if (url.origin === server.url && !/^\/(accounts\/)?api\//.test(url.pathname) && response.status() >= 400)
            complaints.push(`${response.status()} ${url.pathname}`);
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.addInitScript(() => addEventListener('securitypolicyviolation', (event) =>
        console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`)));
    await page.goto(at);
    return Object.assign(page, {
        complaints, context_: context,
        async done() {
            await context.close();
            if (complaints.length > 0) throw new Error(`the page complains: ${complaints.join('\n')}`);
        },
    });
}

/** Fails on what screen readers, keyboards and weak eyes would stumble over, in light and in dark. */
export async function accessible(page) {
    if (!await page.evaluate(() => 'axe' in globalThis)) await page.evaluate(axeSource);
    for (const scheme of ['light', 'dark']) {
        await page.emulateMedia({colorScheme: scheme});
        const found = await page.evaluate(async () => {
            const {violations} = await globalThis.axe.run(document, {resultTypes: ['violations']});
            return violations.map((each) => `${each.id}: ${each.nodes.map((node) => `${node.target} ${node.failureSummary}`).join('; ')}`);
        });
        if (found.length > 0) throw new Error(`${page.url()} in ${scheme}: ${found.join('\n')}`);
    }
}

/** Waits until the page shows what it fetched. */
export async function settled(page) {
    await page.waitForFunction(() => document.querySelector('main h1') && !document.querySelector('[aria-busy]'));
}
