import assert from 'node:assert/strict';
import {accessible, password, people, serve, settled, visit} from './harness.mjs';
import {journey} from './journey.mjs';

const answer = (status, message) => (route) => route.fulfill({
    status, contentType: 'application/json', body: JSON.stringify({message}),
});

journey('a server that fails, and one that is gone, can be tried again', async () => {
    const server = await serve();
    const page = await visit(server, {as: 'owner', at: '/users'});
    await page.getByText('1–4 of 4').waitFor();
    await page.context_.route('**/api/v2/users?*', answer(503, 'The server is temporarily unable to answer.'));
    await page.getByLabel('Search').fill('own');
    await page.getByText('The server is temporarily unable to answer. Nothing was changed.').waitFor();
    await accessible(page);
    await page.context_.unroute('**/api/v2/users?*');
    await page.getByRole('button', {name: 'Try again'}).click();
    await page.getByText('1–1 of 1').waitFor();

    await page.context_.route('**/api/v2/users/*/status/suspend', answer(503, 'x'));
    await page.getByLabel('Search').fill('member');
    await page.getByRole('button', {name: 'Actions for member'}).click();
    await page.getByRole('menuitem', {name: 'Suspend'}).click();
    await page.getByRole('alertdialog').getByText('Nothing was changed.').waitFor();
    await page.getByRole('alertdialog').getByRole('button', {name: 'Close'}).click();
    await page.context_.route('**/api/v2/**', (route) => route.abort('connectionrefused'));
    await page.getByRole('link', {name: 'Organizations'}).click();
    await page.getByText('The server cannot be reached.').waitFor();
    await page.done();

    const broken = await visit(server, {as: 'owner', at: '/login'});
    await broken.context_.route('**/api/v2/**', answer(503, 'x'));
    await broken.goto('/users');
    await broken.getByRole('button', {name: 'Try again'}).waitFor();
    await broken.context_.unroute('**/api/v2/**');
    await broken.getByRole('button', {name: 'Try again'}).click();
    await broken.getByText('1–4 of 4').waitFor();
    await broken.done();
    await server.stop();
});

journey('a session that ends in the middle leads to the login, and back', async () => {
    const server = await serve();
    const page = await visit(server, {as: 'owner', at: '/users?filter=aud'});
    await page.getByText('1–1 of 1').waitFor();
    await server.call('POST', '/users/logout', server.as('owner'));
    await page.getByLabel('Search').fill('auditor');
    await page.getByText('Your session has ended.').waitFor();
    await page.getByLabel('E-mail address').fill('owner@example.org');
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', {name: 'Sign in', exact: true}).click();
    await page.getByRole('heading', {name: 'Users'}).waitFor();
    assert.match(await page.getByLabel('Search').inputValue(), /^aud/);
    await page.done();
    await server.stop();
});

journey('a slow server is waited for, and the person is told so', async () => {
    const server = await serve();
    const page = await visit(server, {as: 'owner', at: '/server'});
    await settled(page);
    let release;
    const held = new Promise((resolve) => release = resolve);
    await page.context_.route('**/api/v2/organizations', async (route) => {
        await held;
        await route.continue();
    });
    await page.getByRole('link', {name: 'Organizations'}).click();
    await page.getByText('Loading…').waitFor();
    await accessible(page);
    release();
    await page.getByRole('link', {name: 'crew'}).waitFor();
    assert.equal(await page.getByText('Loading…').count(), 0);
    await page.done();
    await server.stop();
});

journey('a slow answer to what was typed before does not replace a later one', async () => {
    const server = await serve();
    const page = await visit(server, {as: 'owner', at: '/users'});
    await page.getByText('1–4 of 4').waitFor();
    let release;
    const held = new Promise((resolve) => release = resolve);
    await page.context_.route('**/api/v2/users?*q=aud*', async (route) => {
        await held;
        await route.continue().catch(() => {});
    });
    const asked = page.waitForRequest('**/api/v2/users?*q=aud*');
    await page.getByLabel('Search').fill('aud');
    await asked;
    await page.getByLabel('Search').fill('member');
    await page.getByText('1–1 of 1').waitFor();
    release();
    await page.getByLabel('Search').fill('member@');
    await page.getByRole('link', {name: /member/}).waitFor();
    assert.equal(await page.getByRole('link', {name: /auditor/}).count(), 0);
    await page.done();
    await server.stop();
});

journey('two tabs: signed out in one is signed out in the other, and signed in, too', async () => {
    const server = await serve();
    const one = await visit(server, {as: 'owner', at: '/users'});
    const two = await visit(server, {context: one.context_, at: '/server'});
    await settled(two);
    await one.getByRole('button', {name: 'Sign out'}).click();
    await one.getByRole('heading', {name: 'Sign in'}).waitFor();
    await two.getByRole('heading', {name: 'Sign in'}).waitFor();
    await two.getByLabel('E-mail address').fill('auditor@example.org');
    await two.getByLabel('Password').fill(password);
    await two.getByRole('button', {name: 'Sign in', exact: true}).click();
    await two.getByRole('heading', {name: 'Server'}).waitFor();
    await one.getByRole('link', {name: 'auditor', exact: true}).waitFor();
    assert.deepEqual(two.complaints, []);
    await one.done();
    await server.stop();
});

journey('two tabs edit one user: the later save does not undo the other field', async () => {
    const server = await serve();
    const one = await visit(server, {as: 'owner', at: '/user?name=member'});
    const two = await visit(server, {context: one.context_, at: '/user?name=member'});
    for (const [page, label, value] of [[one, 'Full name', 'Mia'], [two, 'Picture (address)', 'https://x.example/p.png']]) {
        const profile = page.getByRole('region', {name: 'Profile'});
        await profile.getByLabel(label).fill(value);
        await profile.getByRole('button', {name: 'Save'}).click();
        await page.getByText('Saved.').waitFor();
    }
    const exported = (await server.call('GET', '/users/member', server.as('owner'))).json;
    assert.equal(exported.avatar_url, 'https://x.example/p.png');
    const fresh = await visit(server, {context: one.context_, at: '/user?name=member'});
    await settled(fresh);
    if (exported.name !== undefined) assert.equal(exported.name, 'Mia');
    await one.done();
    await server.stop();
});

journey('hostile texts are drawn as text', async () => {
    const markup = '<img src=x onerror=alert(1)>';
    const long = 'x'.repeat(100_000);
    const server = await serve({
        args: ['--web-page-name', '<b onclick=alert(1)>&amp;'],
        seed: [...people,
            {username: 'markup', email: '"<img/onerror=1>"@example.org', avatar_url: 'javascript:alert(1)', organization: 'crew'},
            {username: 'rtl', email: '\u202eevil\u2066@example.org', organization: 'crew', tokens: {'\u202e<script>': 'abcdefghij-0123456789ABCDEFGHIJKL'}},
            {username: 'emoji', email: `${'😀'.repeat(32)}@example.org`, theme_preference: '"><script>', organization: 'crew'}],
    });
    const owner = server.as('owner');
    await server.call('PUT', '/users/emoji/profile', owner, {username: 'emoji', name: '👩‍👩‍👧‍👦'.repeat(5)});
    await fetch(`${server.url}/api/v2/users/login`, {
        method: 'POST', body: JSON.stringify({email: 'member@example.org', password}),
        headers: {'User-Agent': `${markup}${'y'.repeat(20_000)}`},
    });
    const page = await visit(server, {as: 'owner', at: '/users', width: 360, height: 800});
    await page.getByText('1–7 of 7').waitFor();
    await page.getByText('"<img/onerror=1>"@example.org').waitFor();
    await accessible(page);
    for (const at of ['/user?name=markup', '/user?name=rtl', '/user?name=emoji', '/user?name=member', '/audit', '/organizations']) {
        await page.goto(at);
        await settled(page);
        assert.equal(await page.evaluate(() => document.querySelectorAll('main script, main img[src="x"], main b[onclick]').length), 0);
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${at} is wider than the window`);
    }
    // What no server of ours would send.
    await page.context_.route('**/api/v2/users?*', (route) => route.fulfill({
        contentType: 'application/json', body: JSON.stringify({count: 1, users: [{
            id: '00000000-0000-0000-0000-000000000001', username: long, email: markup, name: long, status: markup,
            roles: [{name: markup, display_name: long}], login_type: markup, avatar_url: 'data:text/html,x',
            created_at: '2026-01-01T00:00:00Z', last_seen_at: '0001-01-01T00:00:00Z', organization_ids: [], theme_preference: markup,
        }]}),
    }));
    await page.goto('/users');
    await page.getByText('1–1 of 1').waitFor();
    await page.getByText(markup).first().waitFor();
    await page.done();
    await server.stop();
});
