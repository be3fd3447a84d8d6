import assert from 'node:assert/strict';
import {accessible, password, people, serve, settled, visit} from './harness.mjs';
import {journey} from './journey.mjs';

const crowd = (count) => Array.from({length: count}, (_, index) => ({
    username: `user-${String(index).padStart(6, '0')}`, email: `user${index}@crowd.example`, status: 'active',
    login_type: 'none', organization: 'crew',
}));
/** The name in each row. */
const names = (page) => page.locator('table.users tbody th b').allTextContents();
const row = (page, name) => page.getByRole('row').filter({has: page.getByRole('link', {name: new RegExp(`\\b${name}\\b`)})});
const act = async (page, name, item) => {
    await page.getByRole('button', {name: `Actions for ${name}`, exact: true}).click();
    await page.getByRole('menuitem', {name: item}).click();
};
const dialog = (page) => page.locator('dialog[open]');
const stored = async (server, name) => (await server.call('GET', `/users/${name}`, server.as('owner'))).json;

journey('a person is created, the result is copied, and signs in', async () => {
    const server = await serve();
    const page = await visit(server, {as: 'owner'});
    await settled(page);
    await accessible(page);
    await page.getByRole('button', {name: 'New user'}).click();
    await dialog(page).waitFor();
    await accessible(page);
    await dialog(page).getByRole('button', {name: 'Create', exact: true}).click();
    assert.equal(await dialog(page).getByText('Please fill this in.').count(), 2);
    await dialog(page).getByLabel('E-mail address').fill('owner@example.org');
    await dialog(page).getByLabel('User name').fill('bob');
    await dialog(page).getByLabel('Full name').fill(' Bob');
    await dialog(page).getByRole('button', {name: 'Create', exact: true}).click();
    await dialog(page).getByText('without spaces at its ends').waitFor();
    await dialog(page).getByLabel('Full name').fill('Bob B');
    await dialog(page).getByRole('button', {name: 'Create', exact: true}).click();
    await dialog(page).getByText('this value is already in use').waitFor();
    await dialog(page).getByLabel('E-mail address').fill('bob@example.org');
    await dialog(page).getByLabel('Auditor').check();
    await dialog(page).getByRole('button', {name: 'Create', exact: true}).click();
    await dialog(page).getByRole('button', {name: 'Copy'}).click();
    const letter = await page.evaluate(() => navigator.clipboard.readText());
    await accessible(page);
    await dialog(page).getByRole('button', {name: 'Close'}).click();
    await row(page, 'bob').waitFor();
    const bob = await stored(server, 'bob');
    assert.deepEqual(bob.roles.map((role) => role.name), ['auditor']);
    const secret = /Password: (.*)/.exec(letter)[1];
    assert.match(letter, new RegExp(server.url));
    assert.equal((await server.call('POST', '/users/login', '', {email: 'bob@example.org', password: secret})).status, 201);
    await page.done();
    await server.stop();
});

journey('a service account is created, and gets a token from its owner', async () => {
    const server = await serve();
    const page = await visit(server, {as: 'owner'});
    await page.getByRole('button', {name: 'New user'}).click();
    await dialog(page).getByLabel('Kind').selectOption('Service account');
    assert.equal(await dialog(page).getByLabel('E-mail address').isVisible(), false);
    await dialog(page).getByLabel('User name').fill('robot');
    await dialog(page).getByRole('button', {name: 'Create', exact: true}).click();
    await dialog(page).getByRole('button', {name: 'Close'}).click();
    await row(page, 'robot').getByRole('link').click();
    await page.getByRole('button', {name: 'New token'}).click();
    await dialog(page).getByLabel('Name').fill('ci');
    await accessible(page);
    await dialog(page).getByRole('button', {name: 'Make the token'}).click();
    const token = await dialog(page).getByRole('textbox', {name: 'The token'}).inputValue();
    assert.equal((await server.call('GET', '/users/me', token)).json.username, 'robot');
    await page.done();
    await server.stop();
});

journey('the search knows its keys, by keyboard, and says what it does not understand', async () => {
    const server = await serve({seed: [...people, ...crowd(60)]});
    const page = await visit(server, {as: 'owner', at: '/users'});
    await settled(page);
    assert.equal((await names(page)).length, 25);
    await page.getByText('1–25 of 64').waitFor();
    const search = page.getByLabel('Search');
    await search.pressSequentially('ro');
    await page.getByRole('option', {name: 'role:'}).waitFor();
    await accessible(page);
    await search.press('ArrowDown');
    await search.press('Enter');
    assert.equal(await search.inputValue(), 'role:');
    await search.pressSequentially('aud');
    await search.press('ArrowDown');
    await search.press('Enter');
    assert.equal(await search.inputValue(), 'role:auditor');
    await page.getByText('1–1 of 1').waitFor();
    assert.deepEqual(await names(page), ['auditor']);
    assert.equal(new URL(page.url()).searchParams.get('filter'), 'role:auditor');
    await search.fill('nonsense:x');
    await page.getByText('Query param "nonsense" is not a valid query param').waitFor();
    await search.fill('');
    await page.getByLabel('Status').selectOption('Suspended');
    await page.getByText('Nobody matches.').waitFor();
    await page.getByLabel('Status').selectOption('All');
    await page.getByText('1–25 of 64').waitFor();
    await page.getByRole('button', {name: 'Next'}).click();
    await page.getByText('26–50 of 64').waitFor();
    await page.getByRole('button', {name: 'Last'}).click();
    await page.getByText('51–64 of 64').waitFor();
    assert.equal(await page.getByRole('button', {name: 'Next'}).isDisabled(), true);
    await page.getByRole('button', {name: 'Previous'}).click();
    await page.getByText('26–50 of 64').waitFor();
    await page.reload();
    await page.getByText('26–50 of 64').waitFor();
    await page.done();
    await server.stop();
});

journey('100,000 users are paged and searched as one types', async () => {
    const server = await serve({seed: [...people, ...crowd(100_000)]});
    const start = Date.now();
    const page = await visit(server, {as: 'owner', at: '/users'});
    await page.getByText('1–25 of 100,004').waitFor();
    const drawn = Date.now() - start;
    await page.getByRole('button', {name: 'Last'}).click();
    await page.getByText('100,001–100,004 of 100,004').waitFor();
    await page.getByRole('button', {name: 'First'}).click();
    await page.getByText('1–25 of 100,004').waitFor();
    const took = await page.evaluate(async () => {
        const input = document.querySelector('input[type=search]');
        const times = [];
        for (const text of ['user-09', 'user-0999', 'user-099999', 'user5000@']) {
            const before = document.querySelector('table.users tbody').firstElementChild;
            const begun = performance.now();
            input.value = text;
            input.dispatchEvent(new Event('input', {bubbles: true}));
            while (document.querySelector('table.users tbody').firstElementChild === before)
                await new Promise(requestAnimationFrame);
            times.push(Math.round(performance.now() - begun));
        }
        return times;
    });
    console.log(`        first rows ${drawn} ms after the start, rows ${took.join(', ')} ms after a key, of 100,000 users`);
    await page.getByText('user5000@crowd.example').waitFor();
    assert.deepEqual(await names(page), ['user-005000']);
    await page.done();
    await server.stop();
});

journey('many are suspended, activated, given roles and deleted at once', async () => {
    const server = await serve({seed: [...people, ...crowd(4)]});
    const page = await visit(server, {as: 'owner', at: '/users?filter=user-00'});
    await settled(page);
    await page.getByLabel('Select all on this page').check();
    await page.getByText('4 selected').waitFor();
    await accessible(page);
    const bulk = page.getByRole('group', {name: 'Actions'});
    await bulk.getByRole('button', {name: 'Suspend'}).click();
    await dialog(page).getByRole('button', {name: 'Suspend'}).click();
    await page.getByText('4 users done.').waitFor();
    await page.getByRole('cell', {name: 'Suspended'}).nth(3).waitFor();
    assert.equal((await stored(server, 'user-000003')).status, 'suspended');

    await page.getByLabel('Select all on this page').check();
    await bulk.getByRole('button', {name: 'Activate'}).click();
    await page.getByRole('cell', {name: 'Active', exact: true}).nth(3).waitFor();
    await page.getByLabel('Select user-000001').check();
    await page.getByLabel('Select user-000002').check();
    await bulk.getByRole('button', {name: 'Roles…'}).click();
    await dialog(page).getByLabel('Template Admin').check();
    await dialog(page).getByRole('button', {name: 'Save'}).click();
    await page.getByRole('cell', {name: 'Template Admin'}).nth(1).waitFor();

    // One who is gone meanwhile is named, the others are done.
    await page.getByLabel('Select all on this page').check();
    await server.call('DELETE', '/users/user-000000', server.as('owner'));
    await bulk.getByRole('button', {name: 'Delete…'}).click();
    await dialog(page).getByRole('button', {name: 'Delete'}).click();
    await dialog(page).getByRole('textbox').fill('delete 3');
    await dialog(page).getByRole('button', {name: 'Delete'}).click();
    await dialog(page).locator('[aria-invalid]').waitFor();
    await dialog(page).getByRole('textbox').fill('delete 4');
    await dialog(page).getByRole('button', {name: 'Delete'}).click();
    await page.getByRole('heading', {name: 'What was refused'}).waitFor();
    await dialog(page).getByText('user-000000').waitFor();
    await dialog(page).getByRole('button', {name: 'Close'}).click();
    await page.getByText('Nobody matches.').waitFor();
    await page.done();
    await server.stop();
});

journey('many get new passwords, and lose their sessions', async () => {
    const server = await serve({seed: [...people, {username: 'bob', email: 'bob@example.org', password, status: 'active', organization: 'crew'}]});
    const page = await visit(server, {as: 'owner', at: '/users'});
    await page.getByLabel('Select bob').check();
    await page.getByLabel('Select member').check();
    const bulk = page.getByRole('group', {name: 'Actions'});
    await bulk.getByRole('button', {name: 'End sessions'}).click();
    await dialog(page).getByRole('button', {name: 'End sessions'}).click();
    await page.getByText('2 users done.').waitFor();
    assert.equal((await server.call('GET', '/users/me', server.as('member'))).status, 401);
    await page.getByLabel('Select bob').check();
    await page.getByLabel('Select member').check();
    await bulk.getByRole('button', {name: 'Reset password…'}).click();
    await dialog(page).getByRole('button', {name: 'Change the password'}).click();
    const text = await page.getByRole('textbox', {name: 'New passwords'}).inputValue();
    const secrets = Object.fromEntries(text.trim().split('\n').map((line) => line.split('\t')));
    for (const name of ['bob', 'member'])
        assert.equal((await server.call('POST', '/users/login', '', {email: `${name}@example.org`, password: secrets[name]})).status, 201);
    await page.done();
    await server.stop();
});

journey('one row: suspend, activate, roles, password, sessions, delete by typing the name', async () => {
    const server = await serve();
    const page = await visit(server, {as: 'owner', at: '/users'});
    await settled(page);
    await page.getByRole('button', {name: 'Actions for member'}).click();
    await accessible(page);
    await page.keyboard.press('Escape');
    assert.equal(await page.getByRole('button', {name: 'Actions for owner'}).count(), 0);
    await act(page, 'member', 'Suspend');
    await row(page, 'member').getByText('Suspended').waitFor();
    await act(page, 'member', 'Activate');
    await row(page, 'member').getByText('Active', {exact: true}).waitFor();
    await act(page, 'member', 'Roles…');
    await accessible(page);
    await dialog(page).getByLabel('User Admin').check();
    await dialog(page).getByRole('button', {name: 'Save'}).click();
    await row(page, 'member').getByText('User Admin').waitFor();
    await act(page, 'member', 'Reset password…');
    await dialog(page).getByRole('textbox', {name: 'New password'}).fill('short');
    await dialog(page).getByText('insecure password').first().waitFor();
    await dialog(page).getByRole('button', {name: 'Change the password'}).click();
    await dialog(page).locator('[aria-invalid]').waitFor();
    await dialog(page).getByRole('button', {name: 'Make one up'}).click();
    const made = await dialog(page).getByRole('textbox', {name: 'New password'}).inputValue();
    await dialog(page).getByRole('button', {name: 'Change the password'}).click();
    await dialog(page).getByRole('button', {name: 'Close'}).click();
    assert.equal((await server.call('POST', '/users/login', '', {email: 'member@example.org', password: made})).status, 201);
    await act(page, 'member', 'End sessions');
    await dialog(page).getByRole('button', {name: 'End sessions'}).click();
    await page.getByText('Sessions ended.').waitFor();
    await act(page, 'member', 'Delete…');
    await dialog(page).getByRole('textbox').fill('member');
    await dialog(page).getByRole('button', {name: 'Delete'}).click();
    await page.getByText('1–3 of 3').waitFor();
    assert.equal((await server.call('GET', '/users/member', server.as('owner'))).status, 404);
    await page.done();
    await server.stop();
});
