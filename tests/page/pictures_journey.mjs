import path from 'node:path';
import {password, serve, settled, visit} from './harness.mjs';
import {journey} from './journey.mjs';

const team = [
    ['ada', 'Ada Lovelace', ['owner'], 'active'], ['alan', 'Alan Turing', ['user-admin'], 'active'],
    ['barbara', 'Barbara Liskov', ['auditor'], 'active'], ['dennis', 'Dennis Ritchie', [], 'suspended'],
    ['edsger', 'Edsger Dijkstra', [], 'active'], ['grace', 'Grace Hopper', ['template-admin', 'auditor'], 'active'],
    ['ken', 'Ken Thompson', [], 'dormant'], ['robot', '', [], 'active'],
].map(([username, , roles, status], index) => ({
    username, email: `${username}@example.org`, roles, status, organization: 'engineering',
    ...(username === 'robot' ? {login_type: 'none'} : {password}),
    created_at: '2026-01-02T03:04:05Z',
    sessions: index < 3 ? [`${username.padEnd(10, '0')}-${'secret'.padEnd(22, '0')}`] : [],
}));

journey('pictures of the list of users and of one user, in light and in dark', async () => {
    const server = await serve({seed: team, args: ['--coder-version', '2.35']});
    server.as = () => `${'ada'.padEnd(10, '0')}-${'secret'.padEnd(22, '0')}`;
    const names = {ada: 'Ada Lovelace', alan: 'Alan Turing', barbara: 'Barbara Liskov', dennis: 'Dennis Ritchie', edsger: 'Edsger Dijkstra', grace: 'Grace Hopper', ken: 'Ken Thompson'};
    for (const [username, name] of Object.entries(names))
        await server.call('PUT', `/users/${username}/profile`, server.as(), {username, name});
    await server.call('POST', '/users/grace/keys/tokens', server.as(), {token_name: 'ci', lifetime: 864e11});
    for (const scheme of ['light', 'dark']) {
        const page = await visit(server, {as: 'ada', scheme, width: 1100, height: 720});
        for (const [name, at] of [['users', '/users'], ['user', '/user?name=grace']]) {
            await page.goto(at);
            await settled(page);
            if (process.env.SCREENSHOTS)
                await page.screenshot({path: path.join(process.env.SCREENSHOTS, `${name}-${scheme}.png`)});
        }
        await page.done();
    }
    await server.stop();
});
