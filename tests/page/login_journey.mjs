import assert from 'node:assert/strict';
import path from 'node:path';
import {accessible, here, launch, password, people, serve, settled, visit} from './harness.mjs';
import {journey} from './journey.mjs';

const signIn = async (page, email, secret = password) => {
    await page.getByLabel('E-mail address').fill(email);
    await page.getByLabel('Password').fill(secret);
    await page.getByRole('button', {name: 'Sign in', exact: true}).click();
};

journey('sign in, refused in the server\'s words, then back to where one was', async () => {
    const server = await serve();
    const page = await visit(server, {at: '/users?filter=audit'});
    await page.getByRole('heading', {name: 'Sign in'}).waitFor();
    await accessible(page);
    await signIn(page, 'owner@example.org', 'wrong');
    await page.getByText('Incorrect email or password.').waitFor();
    await accessible(page);
    await server.call('PUT', '/users/member/status/suspend', server.as('owner'));
    await signIn(page, 'member@example.org');
    await page.getByText('Your account is suspended.').waitFor();
    await signIn(page, 'owner@example.org');
    await page.getByRole('heading', {name: 'Users'}).waitFor();
    assert.equal(await page.getByLabel('Search').inputValue(), 'audit');
    await page.getByText('auditor@example.org').waitFor();
    await page.getByRole('button', {name: 'Sign out'}).click();
    await page.getByRole('heading', {name: 'Sign in'}).waitFor();
    assert.equal((await page.context_.cookies()).length, 0);
    await page.done();
    await server.stop();
});

journey('no address of elsewhere is gone to after a login', async () => {
    const server = await serve();
    const page = await visit(server, {at: '/login?from=https%3A%2F%2Fevil.example%2F'});
    await signIn(page, 'owner@example.org');
    await page.getByRole('heading', {name: 'Users'}).waitFor();
    assert.equal(new URL(page.url()).origin, server.url);
    await page.done();
    await server.stop();
});

journey('the command line gets a session token that works', async () => {
    const server = await serve();
    const page = await visit(server, {at: '/cli-auth'});
    await signIn(page, 'member@example.org');
    await page.getByRole('heading', {name: 'Sign in on the command line'}).waitFor();
    const sessions = async () => (await server.call('GET', '/users/member/sessions', server.as('owner'))).json.length;
    const before = await sessions();
    await page.getByRole('button', {name: 'Make a session token'}).click();
    const token = await page.getByLabel('Session token').inputValue();
    assert.equal(await sessions(), before + 1); // one, and only when asked for
    await accessible(page);
    await page.getByRole('button', {name: 'Copy'}).click();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), token);
    const me = await server.call('GET', '/users/me', token);
    assert.equal(me.json.username, 'member');
    await page.done();
    await server.stop();
});

journey('through a real OpenID provider, and an account is converted to it', async () => {
    // The provider must know the address that browsers come back to before the server has a port.
    const {createServer} = await import('node:http');
    const probe = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => probe.on('listening', resolve));
    const {port} = probe.address();
    await new Promise((resolve) => probe.close(resolve));
    const url = `http://127.0.0.1:${port}`;
    const provider = launch('node', [path.join(here, '../external/oidc_provider.mjs'), '--account', 'ada@example.org',
        '--redirect-uri', `${url}/api/v2/users/oidc/callback`], /"issuer":"([^"]*)"/,
    {env: {NODE_PACKAGES: process.env.PROVIDER_PACKAGES}});
    const issuer = await provider.found;
    const server = await serve({
        seed: [...people, {username: 'eve', email: 'eve@example.org', password, status: 'active', organization: 'crew'}],
        port,
        args: ['--access-url', url, '--oidc-issuer-url', issuer,
            '--oidc-client-id', 'coder-users', '--oidc-client-secret', 'provider-secret', '--oidc-sign-in-text', 'Corp'],
    });
    const page = await visit(server, {at: '/organizations'});
    await accessible(page);
    await page.getByRole('link', {name: 'Sign in with Corp'}).click();
    await page.getByRole('heading', {name: 'Organizations'}).waitFor();
    await page.getByRole('link', {name: 'ada', exact: true}).waitFor();
    await page.done();

    const eve = await visit(server, {at: '/login?from=%2Faccount'});
    await signIn(eve, 'eve@example.org');
    await eve.getByRole('heading', {name: 'Sign in differently'}).waitFor();
    await accessible(eve);
    await eve.context_.addCookies([{name: 'account', value: 'eve@example.org', url: issuer}]);
    const section = eve.getByRole('region', {name: 'Sign in differently'});
    await section.getByLabel('Present password').fill('wrong');
    await section.getByRole('button', {name: 'Change to Corp'}).click();
    await section.getByText('Incorrect email or password.').waitFor();
    await section.getByLabel('Present password').fill(password);
    await section.getByRole('button', {name: 'Change to Corp'}).click();
    await eve.getByRole('heading', {name: 'Sign in'}).waitFor();
    await eve.getByRole('link', {name: 'Sign in with Corp'}).click();
    await eve.getByRole('heading', {name: 'My account'}).waitFor();
    await settled(eve);
    await eve.getByText('OpenID Connect').first().waitFor();
    assert.equal((await server.call('GET', '/users/eve', server.as('owner'))).json.login_type, 'oidc');
    await eve.done();
    await server.stop();
    provider.child.kill('SIGTERM');
});
