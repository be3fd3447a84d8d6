import assert from 'node:assert/strict';
import {accessible, host, password, people, serve, settled, visit} from './harness.mjs';
import {journey} from './journey.mjs';

const dialog = (page) => page.locator('dialog[open]');
const section = (page, name) => page.getByRole('region', {name, exact: true});

journey('an organization is made, gets a member with a role, loses it, and is deleted', async () => {
    const server = await serve();
    const page = await visit(server, {as: 'owner', at: '/organizations'});
    await settled(page);
    await accessible(page);
    await page.getByRole('button', {name: 'New organization'}).click();
    await dialog(page).getByLabel('Name', {exact: true}).fill('new');
    await dialog(page).getByRole('button', {name: 'Create'}).click();
    await dialog(page).locator('[name=name][aria-invalid]').waitFor();
    await dialog(page).getByLabel('Name', {exact: true}).fill('lab');
    await dialog(page).getByRole('button', {name: 'Create'}).click();
    await page.getByRole('heading', {name: 'lab', level: 1}).waitFor();
    const members = section(page, 'Members');
    await members.getByLabel('User name').fill('nobody-here');
    await members.getByRole('button', {name: 'Add'}).click();
    await members.getByText('Resource not found').waitFor();
    await members.getByLabel('User name').fill('member');
    await members.getByRole('button', {name: 'Add'}).click();
    await members.getByRole('link', {name: 'member'}).waitFor();
    await accessible(page);
    await members.getByRole('button', {name: 'Roles here: member'}).click();
    await dialog(page).getByLabel('Organization Admin').check();
    await dialog(page).getByRole('button', {name: 'Save'}).click();
    await members.getByText(/organization.admin/i).waitFor();
    await members.getByRole('link', {name: 'member'}).click();
    const organizations = section(page, 'Organizations');
    await organizations.getByRole('button', {name: 'Roles here: lab'}).click();
    await dialog(page).getByLabel('Organization Admin').uncheck();
    await dialog(page).getByRole('button', {name: 'Save'}).click();
    await organizations.getByText(/organization.admin/i).waitFor({state: 'detached'});
    assert.deepEqual(Object.values((await server.call('GET', '/users/member/roles', server.as('owner'))).json.organization_roles).flat(), []);
    await organizations.getByRole('link', {name: 'lab'}).click();
    await section(page, 'Change').getByLabel('Description').fill('Where it is tried');
    await section(page, 'Change').getByRole('button', {name: 'Save'}).click();
    await page.getByText('Saved.').waitFor();
    await page.getByRole('button', {name: 'Delete…'}).click();
    await dialog(page).getByRole('textbox').fill('lab');
    await dialog(page).getByRole('button', {name: 'Delete'}).click();
    await dialog(page).getByText('members that must be deleted first').or(dialog(page).getByText('member that must be deleted first')).waitFor();
    await dialog(page).getByRole('button', {name: 'Cancel'}).click();
    await members.getByRole('button', {name: 'Remove: member'}).click();
    await dialog(page).getByRole('button', {name: 'Remove'}).click();
    await members.getByRole('link', {name: 'member'}).waitFor({state: 'detached'});
    await page.getByRole('button', {name: 'Delete…'}).click();
    await dialog(page).getByRole('textbox').fill('lab');
    await dialog(page).getByRole('button', {name: 'Delete'}).click();
    await page.getByRole('heading', {name: 'Organizations', level: 1}).waitFor();
    await page.getByRole('link', {name: 'lab'}).waitFor({state: 'detached'});
    await page.done();
    await server.stop();
});

journey('the audit log is filtered, and tells what was different', async () => {
    const server = await serve();
    await server.call('PUT', '/users/member/profile', server.as('owner'), {username: 'mia'});
    await server.call('PUT', '/users/auditor/status/suspend', server.as('member'));
    await server.call('POST', '/users/login', '', {email: 'user-admin@example.org', password: 'wrong'});
    const page = await visit(server, {as: 'auditor', at: '/audit'});
    await settled(page);
    await page.locator('summary').filter({hasText: 'updated user'}).click();
    const row = page.getByRole('row', {name: /username/});
    await row.getByText('member', {exact: true}).waitFor();
    await row.getByText('mia', {exact: true}).waitFor();
    await accessible(page);
    await page.getByLabel('About').selectOption('sessions and tokens');
    await page.locator('summary').nth(1).waitFor({state: 'detached'});
    await page.getByText('401', {exact: true}).waitFor();
    assert.equal(new URL(page.url()).searchParams.get('q'), 'resource_type:api_key');
    await page.getByLabel('By user').fill('nobody here');
    await page.getByText('Nothing was recorded.').waitFor();
    await page.getByRole('button', {name: 'Clear'}).click();
    await page.locator('summary').nth(1).waitFor();
    await page.getByLabel('To day').fill('2001-01-01');
    await page.getByText('Nothing was recorded.').waitFor();
    await page.done();
    await server.stop();
});

journey('the server tells its version, release, health and counts', async () => {
    const server = await serve({args: ['--coder-version', '2.35']});
    const page = await visit(server, {as: 'owner', at: '/server'});
    await settled(page);
    await section(page, 'Version').getByText('2.35', {exact: true}).waitFor();
    await section(page, 'Health').getByText('The store answers.').waitFor();
    await section(page, 'Counts').getByText('4', {exact: true}).first().waitFor();
    const href = await page.getByRole('link', {name: /OpenAPI/}).getAttribute('href');
    assert.equal((await fetch(server.url + href)).status, 200);
    await accessible(page);
    await page.done();
    await server.stop();
});

journey('every view works as the oldest and the newest release, on a phone and at 200 %', async () => {
    for (const release of ['2.6', '2.35']) {
        const server = await serve({args: ['--coder-version', release]});
        for (const [width, height] of [[360, 740], [640, 400]]) {
            const page = await visit(server, {as: 'owner', width, height, scheme: 'dark'});
            for (const at of ['/users', '/user?name=member', '/account', '/organizations', '/organization?id=default', '/audit', '/server', '/cli-auth']) {
                await page.goto(at);
                await settled(page);
                assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
                    `${at} is wider than ${width}`);
                if (release === '2.35' && width === 360) await accessible(page);
            }
            await page.done();
        }
        await server.stop();
    }
});

journey('on a host\'s own server everything is below its prefix', async () => {
    const site = await host();
    const page = await visit(site, {base: '/accounts/', at: '/accounts'});
    await page.getByRole('heading', {name: 'Set up'}).waitFor();
    assert.equal(new URL(page.url()).pathname, '/accounts/setup');
    await page.getByLabel('E-mail address').fill('ada@example.org');
    await page.getByLabel('User name').fill('ada');
    await page.getByRole('textbox', {name: 'Password'}).fill(password);
    await page.getByRole('button', {name: 'Create the owner'}).click();
    await page.getByText('1–1 of 1').waitFor();
    await page.getByRole('link', {name: 'Server'}).click();
    await settled(page);
    assert.equal(new URL(page.url()).pathname, '/accounts/server');
    await page.getByText('Served by its host, which knows.').waitFor();
    // Who is signed in on the page is known to the host's own routes.
    assert.equal(await page.evaluate(async () => (await fetch('/greeting')).text()), 'Hello, ada!\n');
    await page.reload();
    await settled(page);
    await page.getByRole('button', {name: 'Sign out'}).click();
    await page.getByRole('heading', {name: 'Sign in'}).waitFor();
    await page.done();
    await site.stop();
});

journey('a team is set up and managed by the keyboard alone', async () => {
    const server = await serve({seed: []});
    const page = await visit(server);
    await page.getByRole('heading', {name: 'Set up'}).waitFor();
    /** Goes on by Tab until what has the focus is called so. */
    const tabTo = async (name) => {
        for (let i = 0; i < 60; ++i) {
            const called = await page.evaluate(() => {
                const at = document.activeElement;
                const label = at.id && document.querySelector(`label[for="${at.id}"]`);
                return (at.getAttribute('aria-label') || (label || at.closest('label') || at).textContent).trim();
            });
            if (called.startsWith(name)) {
                // What has the focus is seen to have it.
                const seen = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
                assert.notEqual(seen, 'none', name);
                return;
            }
            await page.keyboard.press('Tab');
        }
        assert.fail(`no way to ${name}`);
    };
    const type = async (label, text) => {
        await tabTo(label);
        await page.keyboard.type(text);
    };
    await type('E-mail address', 'ada@example.org');
    await type('User name', 'ada');
    await type('Password', password);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', {name: 'Users'}).waitFor();
    await page.getByText('1–1 of 1').waitFor();
    for (const name of ['bob', 'eve']) {
        await tabTo('New user');
        await page.keyboard.press('Enter');
        await dialog(page).waitFor();
        await type('E-mail address', `${name}@example.org`);
        await type('User name', name);
        await page.keyboard.press('Enter');
        await dialog(page).getByRole('textbox', {name: 'Created'}).waitFor();
        await page.keyboard.press('Escape');
        await page.getByRole('link', {name: new RegExp(name)}).waitFor();
    }
    await tabTo('Actions for bob');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.activeElement.role === 'menuitem');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await dialog(page).waitFor();
    await tabTo('Auditor');
    await page.keyboard.press('Space');
    await page.keyboard.press('Enter');
    await page.getByRole('cell', {name: 'Auditor'}).waitFor();
    await tabTo('Select eve');
    await page.keyboard.press('Space');
    await page.keyboard.down('Shift');
    await tabTo('Suspend');
    await page.keyboard.up('Shift');
    await page.keyboard.press('Enter');
    await dialog(page).waitFor();
    await tabTo('Suspend');
    await page.keyboard.press('Enter');
    await page.getByRole('cell', {name: 'Suspended'}).waitFor();
    await page.done();
    await server.stop();
});

journey('the first view is drawn at once, and from the cache when nothing has changed', async () => {
    const server = await serve({seed: people});
    const page = await visit(server, {as: 'owner'});
    await settled(page);
    const first = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime);
    const statuses = [];
    page.on('response', (response) => {
        if (!response.url().includes('/api/')) statuses.push(response.status());
    });
    await page.reload();
    await settled(page);
    const again = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime);
    console.log(`        first view ${Math.round(first)} ms after the start, ${Math.round(again)} ms from the cache`);
    if (!process.env.WEB) assert.ok(statuses.length > 10 && statuses.every((status) => status === 304 || status === 200), String(statuses));
    await page.done();
    await server.stop();
});
