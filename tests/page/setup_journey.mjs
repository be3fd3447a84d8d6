import assert from 'node:assert/strict';
import {accessible, password, serve, settled, visit} from './harness.mjs';
import {journey} from './journey.mjs';

journey('a fresh server is set up, with the strength of the password as one types', async () => {
    const server = await serve({seed: []});
    const page = await visit(server);
    await page.getByRole('heading', {name: 'Set up'}).waitFor();
    assert.equal(new URL(page.url()).pathname, '/setup');
    await accessible(page);

    await page.getByLabel('E-mail address').fill('nonsense');
    await page.getByLabel('User name').fill('ada lovelace');
    await page.getByRole('textbox', {name: 'Password'}).fill('password');
    await page.getByText('insecure password, try').waitFor();
    await page.getByRole('button', {name: 'Create the owner'}).click();
    await page.getByText('This is not an e-mail address.').waitFor();
    assert.equal(await page.getByLabel('User name').getAttribute('aria-invalid'), 'true');
    await accessible(page);

    await page.getByLabel('E-mail address').fill('ada@example.org');
    await page.getByLabel('User name').fill('ada');
    await page.getByRole('textbox', {name: 'Password'}).fill(password);
    await page.getByText('Strong enough.').waitFor();
    await page.getByRole('button', {name: 'Create the owner'}).click();
    await page.getByRole('heading', {name: 'Users'}).waitFor();
    await page.getByText('ada@example.org').waitFor();
    assert.equal((await server.call('GET', '/users/first')).status, 200);
    await page.goto('/setup');
    await settled(page);
    assert.equal(new URL(page.url()).pathname, '/users');
    await page.done();
    await server.stop();
});

journey('where a set-up code is needed the form asks for it', async () => {
    const server = await serve({seed: [], args: ['--require-setup-code']});
    const page = await visit(server);
    await page.getByLabel('E-mail address').fill('ada@example.org');
    await page.getByLabel('User name').fill('ada');
    await page.getByRole('textbox', {name: 'Password'}).fill(password);
    assert.equal(await page.getByLabel('Set-up code').isVisible(), false);
    await page.getByRole('button', {name: 'Create the owner'}).click();
    await page.getByLabel('Set-up code').fill('wrong');
    await accessible(page);
    await page.getByRole('button', {name: 'Create the owner'}).click();
    await page.locator('[name=setup_code][aria-invalid]').waitFor();
    const code = /X-Setup-Code[^:]*: (\w+)/.exec(server.said.stderr)[1];
    await page.getByLabel('Set-up code').fill(code);
    await page.getByRole('button', {name: 'Create the owner'}).click();
    await page.getByRole('heading', {name: 'Users'}).waitFor();
    await page.done();
    await server.stop();
});

journey('a rate limit leaves the strength silent', async () => {
    const server = await serve({seed: []});
    const page = await visit(server);
    await page.context_.route('**/users/validate-password', (route) => route.fulfill({
        status: 429, contentType: 'application/json', body: '{"message":"You\'ve been rate limited"}',
    }));
    const [asked] = await Promise.all([
        page.waitForResponse('**/users/validate-password'),
        page.getByRole('textbox', {name: 'Password'}).pressSequentially('short'),
    ]);
    assert.equal(asked.status(), 429);
    assert.equal(await page.getByText('rate limited').count(), 0);
    await page.done();
    await server.stop();
});
