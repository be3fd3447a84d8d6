import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {accessible, password, serve, settled, visit} from './harness.mjs';
import {journey} from './journey.mjs';

const dialog = (page) => page.locator('dialog[open]');
const section = (page, name) => page.getByRole('region', {name, exact: true});

journey('a token is made with a scope, used by curl, ended and deleted', async () => {
    const server = await serve({args: ['--coder-version', '2.35']});
    const page = await visit(server, {as: 'member', at: '/account'});
    await settled(page);
    await accessible(page);
    const tokens = section(page, 'Tokens');
    await tokens.getByText('No tokens.').waitFor();
    await tokens.getByRole('button', {name: 'New token'}).click();
    await dialog(page).getByLabel('Name').fill('ci <b>');
    await dialog(page).getByLabel('Lives for').selectOption('a week');
    await dialog(page).getByLabel('May do').selectOption('Only what is chosen');
    await dialog(page).getByRole('button', {name: 'Make the token'}).click();
    await dialog(page).getByText('Please fill this in.').waitFor();
    await dialog(page).getByLabel('user:read', {exact: true}).check();
    await accessible(page);
    await dialog(page).getByRole('button', {name: 'Make the token'}).click();
    await dialog(page).getByRole('button', {name: 'Copy'}).click();
    const token = await page.evaluate(() => navigator.clipboard.readText());
    await dialog(page).getByRole('button', {name: 'Close'}).click();
    const curl = (method, target) => execFileSync('curl', ['-s', '-o', '/dev/null', '-w', '%{http_code}', '-X', method,
        '-H', `Coder-Session-Token: ${token}`, `${server.url}/api/v2${target}`]).toString();
    assert.equal(curl('GET', '/users/me'), '200');
    assert.equal(curl('GET', '/users/me/gitsshkey'), '403');
    await tokens.getByText('user:read').waitFor();
    await tokens.getByText('ci <b>', {exact: true}).waitFor();
    await tokens.getByRole('button', {name: 'Expire now'}).click();
    await tokens.getByText('expired', {exact: true}).waitFor();
    assert.equal(curl('GET', '/users/me'), '401');
    await accessible(page);
    await tokens.getByRole('button', {name: 'Delete'}).click();
    await dialog(page).getByRole('button', {name: 'Delete'}).click();
    await tokens.getByText('No tokens.').waitFor();
    await page.done();
    await server.stop();
});

journey('sessions are seen and ended, one and all others', async () => {
    const server = await serve();
    for (let i = 0; i < 3; ++i)
        await server.call('POST', '/users/login', '', {email: 'member@example.org', password});
    const page = await visit(server, {as: 'member', at: '/account'});
    const sessions = section(page, 'Sessions');
    await sessions.getByText('this one').waitFor();
    assert.equal(await sessions.getByRole('listitem').count(), 4);
    await sessions.getByRole('button', {name: 'End', exact: true}).first().click();
    await sessions.getByRole('listitem').nth(3).waitFor({state: 'detached'});
    await sessions.getByRole('button', {name: 'End all others'}).click();
    await sessions.getByRole('listitem').nth(1).waitFor({state: 'detached'});
    assert.equal((await server.call('GET', '/users/me/sessions', server.as('member'))).json.length, 1);
    await page.done();

    const owner = await visit(server, {as: 'owner', at: '/user?name=member'});
    await section(owner, 'Sessions').getByRole('button', {name: 'End all'}).click();
    await section(owner, 'Sessions').getByText('Nowhere signed in.').waitFor();
    assert.equal((await server.call('GET', '/users/me', server.as('member'))).status, 401);
    await owner.done();
    await server.stop();
});

journey('one user: profile, roles, appearance, SSH key, and the audit of it', async () => {
    const server = await serve();
    const page = await visit(server, {as: 'owner', at: '/user?name=member'});
    await settled(page);
    await accessible(page);
    const profile = section(page, 'Profile');
    await profile.getByLabel('User name').fill('owner');
    await profile.getByRole('button', {name: 'Save'}).click();
    await profile.locator('[name=username][aria-invalid]').waitFor();
    await profile.getByLabel('User name').fill('mia');
    await profile.getByLabel('Full name').fill('Mia M');
    await profile.getByRole('button', {name: 'Save'}).click();
    await page.getByRole('heading', {name: 'mia', level: 1}).waitFor();
    assert.equal(new URL(page.url()).searchParams.get('name'), 'mia');
    await page.getByRole('button', {name: 'Change roles'}).click();
    await dialog(page).getByLabel('Auditor').check();
    await dialog(page).getByRole('button', {name: 'Save'}).click();
    await section(page, 'Roles').getByText('Sees all users and reads the audit log.').waitFor();
    await section(page, 'Appearance').getByLabel('Theme').selectOption('Dark');
    await section(page, 'Appearance').getByRole('button', {name: 'Save'}).click();
    await page.getByText('Saved.').last().waitFor();
    const before = await section(page, 'Git SSH key').getByRole('textbox').inputValue();
    await section(page, 'Git SSH key').getByRole('button', {name: 'Make a new key'}).click();
    await dialog(page).getByRole('button', {name: 'Make a new key'}).click();
    await page.waitForFunction((old) => [...document.querySelectorAll('textarea')].every((each) => each.value !== old), before);
    const mia = (await server.call('GET', '/users/mia', server.as('owner'))).json;
    assert.equal(mia.theme_preference, 'dark');
    assert.deepEqual(mia.roles.map((role) => role.name), ['auditor']);

    await page.reload();
    const audit = section(page, 'Audit log');
    await audit.getByText('git ssh key').waitFor();
    await audit.locator('summary').filter({hasText: 'mia'}).last().click();
    await audit.getByRole('table').first().waitFor();
    await accessible(page);
    await audit.getByRole('link', {name: /about this user/}).click();
    await page.getByRole('heading', {name: 'Audit log', level: 1}).waitFor();
    await page.done();
    await server.stop();
});

journey('my account: rename, theme, password, and then the new password', async () => {
    const server = await serve();
    const page = await visit(server, {as: 'member', at: '/'});
    await page.getByRole('heading', {name: 'My account'}).waitFor();
    await settled(page);
    await section(page, 'Appearance').getByLabel('Theme').selectOption('Dark');
    await section(page, 'Appearance').getByRole('button', {name: 'Save'}).click();
    await page.waitForFunction(() => document.documentElement.dataset.theme === 'dark');
    await page.reload();
    await settled(page);
    assert.equal(await page.evaluate(() => getComputedStyle(document.body).colorScheme), 'dark');
    const form = section(page, 'Password');
    await form.getByLabel('Present password').fill('wrong');
    await form.getByRole('textbox', {name: 'New password'}).fill('another-Horse-7');
    await form.getByText('Strong enough.').waitFor();
    await form.getByRole('button', {name: 'Change the password'}).click();
    await form.getByText('Old password is incorrect.').waitFor();
    await form.getByLabel('Present password').fill(password);
    await form.getByRole('button', {name: 'Change the password'}).click();
    await page.getByRole('heading', {name: 'Sign in'}).waitFor();
    await page.getByText('Please sign in with it.').waitFor();
    await page.getByLabel('E-mail address').fill('member@example.org');
    await page.getByLabel('Password').fill('another-Horse-7');
    await page.getByRole('button', {name: 'Sign in', exact: true}).click();
    await page.getByRole('heading', {name: 'My account'}).waitFor();
    await page.done();
    await server.stop();
});
