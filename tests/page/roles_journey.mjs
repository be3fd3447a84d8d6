import assert from 'node:assert/strict';
import {accessible, serve, settled, visit} from './harness.mjs';
import {journey} from './journey.mjs';

const links = (page) => page.getByRole('navigation', {name: 'Main'}).getByRole('link').allTextContents();
const offered = async (page, names) => {
    for (const [role, name, there] of names)
        assert.equal(await page.getByRole(role, {name}).count() > 0, there, name);
};

journey('what each may not do is not offered', async () => {
    const server = await serve();
    const views = {
        owner: {
            nav: ['Users', 'Organizations', 'Audit log', 'Server'],
            buttons: [['button', 'New user', true], ['button', 'Actions for member', true], ['button', 'Actions for owner', false]],
            user: [['button', 'Change roles', true], ['region', 'Sessions', true], ['region', 'Tokens', true], ['region', 'Git SSH key', true], ['button', 'Save', true]],
            organizations: [['button', 'New organization', true]],
        },
        'user-admin': {
            nav: ['Users', 'Organizations', 'Server'],
            buttons: [['button', 'New user', true], ['button', 'Actions for member', true], ['button', 'Actions for owner', false], ['button', 'Actions for auditor', false]],
            user: [['button', 'Change roles', false], ['region', 'Sessions', true], ['region', 'Tokens', false], ['region', 'Git SSH key', true], ['button', 'Save', true]],
            organizations: [['button', 'New organization', false]],
        },
        auditor: {
            nav: ['Users', 'Organizations', 'Audit log', 'Server'],
            buttons: [['button', 'New user', false], ['button', 'Actions for member', false], ['checkbox', 'Select member', false]],
            user: [['button', 'Change roles', false], ['region', 'Sessions', false], ['region', 'Tokens', false], ['region', 'Git SSH key', false], ['button', 'Save', false], ['region', 'Audit log', true]],
            organizations: [['button', 'New organization', false]],
        },
    };
    for (const [as, {nav, buttons, user, organizations}] of Object.entries(views)) {
        const page = await visit(server, {as, at: '/users'});
        await page.getByText('1–4 of 4').waitFor();
        assert.deepEqual(await links(page), nav);
        await offered(page, buttons);
        await page.goto('/user?name=member');
        await page.getByRole('heading', {name: 'member', level: 1}).waitFor();
        await settled(page);
        await offered(page, user);
        await accessible(page);
        await page.goto('/organizations');
        await settled(page);
        await offered(page, organizations);
        await page.goto('/server');
        await settled(page);
        await accessible(page);
        await page.done();
    }
    const member = await visit(server, {as: 'member'});
    await member.getByRole('heading', {name: 'My account'}).waitFor();
    assert.deepEqual(await links(member), ['Organizations', 'Server']);
    await settled(member);
    await offered(member, [['region', 'Tokens', true], ['region', 'Sessions', true], ['region', 'Audit log', false], ['button', 'Change roles', false]]);
    await member.goto('/user?name=owner');
    await member.getByText('Resource not found or you do not have access to this resource').waitFor();
    await member.done();
    await server.stop();
});

journey('what was offered and is refused by then says so', async () => {
    const server = await serve();
    const page = await visit(server, {as: 'user-admin', at: '/users'});
    await page.getByRole('button', {name: 'Actions for member'}).click();
    // The member becomes an owner while the menu is open.
    await server.call('PUT', '/users/member/roles', server.as('owner'), {roles: ['owner']});
    await page.getByRole('menuitem', {name: 'Suspend'}).click();
    await page.getByRole('alertdialog').getByText('Forbidden.').waitFor();
    await accessible(page);
    await page.getByRole('alertdialog').getByRole('button', {name: 'Close'}).click();
    assert.equal((await server.call('GET', '/users/member', server.as('owner'))).json.status, 'active');
    await page.done();
    await server.stop();
});
