// Drives the server with the client that hey-api made of its API description, in the folder client
// beside this file. Arguments: the server's URL, the release that it answers as; it has no users
// yet.
import { createClient } from './client/client';
import * as api from './client';
import type { LoginType, User, UserStatus } from './client';

declare const process: { argv: string[]; exit(status: number): never };

const [url, release] = process.argv.slice(2);
const minor = Number(release.split('.')[1]);
const password = 'correct-Horse-9';
const client = (token?: string) =>
    createClient({
        baseUrl: `${url}/api/v2`,
        headers: token ? { 'Coder-Session-Token': token } : {},
    });

function expect(holds: boolean, what: string): asserts holds {
    if (holds) return;
    console.error(`${release}: ${what}`);
    process.exit(1);
}

type Answer<Data, Refusal> = { data?: Data; error?: Refusal; response: Response };

let calls = 0;
async function succeeds<Data, Refusal>(asked: Promise<Answer<Data, Refusal>>, status: number) {
    const { data, error, response } = await asked;
    ++calls;
    expect(response.status === status, `${response.url}: ${response.status} ${JSON.stringify(error)}`);
    return data as NonNullable<Data>;
}
async function refused<Data, Refusal>(asked: Promise<Answer<Data, Refusal>>, status: number) {
    const { error, response } = await asked;
    ++calls;
    expect(response.status === status, `${response.url}: ${response.status}, not ${status}`);
    return error as NonNullable<Refusal>;
}

async function main() {
    const nobody = client();
    const first = await succeeds(
        api.createInitialUser({ client: nobody, body: { email: 'ada@example.com', username: 'ada', password } }),
        201,
    );
    const session = await succeeds(
        api.logInUser({ client: nobody, body: { email: 'ada@example.com', password } }),
        201,
    );
    const ada = client(session.session_token);

    const loginType: LoginType = 'password';
    const bob: User = await succeeds(
        api.createNewUser({
            client: ada,
            body: {
                email: 'bob@example.com',
                username: 'bob',
                password,
                name: 'Bob Barker',
                login_type: loginType,
                organization_ids: [first.organization_id],
            },
        }),
        201,
    );
    const dormant: UserStatus = 'dormant';
    expect(bob.status === dormant && bob.login_type === loginType, JSON.stringify(bob));
    expect('name' in bob === minor >= 7, JSON.stringify(bob));

    const page = await succeeds(api.getUsers({ client: ada, query: { q: 'bob', limit: 10 } }), 200);
    expect(page.count === 1 && page.users[0].id === bob.id, JSON.stringify(page));
    const same = await succeeds(api.getUserByName({ client: ada, path: { user: 'bob' } }), 200);
    expect(same.username === 'bob', JSON.stringify(same));

    const made = await succeeds(
        api.createTokenApiKey({
            client: ada,
            path: { user: 'me' },
            body: { token_name: 'ci', lifetime: 3600e9, scopes: ['user:read'] },
        }),
        201,
    );
    const robot = client(made.key);
    await succeeds(api.getUserByName({ client: robot, path: { user: 'bob' } }), 200);
    const forbidden = await refused(api.deleteUser({ client: robot, path: { user: 'bob' } }), 403);
    expect(forbidden.message === 'Forbidden.', JSON.stringify(forbidden));
    expect((forbidden.detail !== undefined) === minor >= 20, JSON.stringify(forbidden));
    const [token] = await succeeds(
        api.getUserTokens({ client: ada, path: { user: 'me' }, query: { include_expired: true } }),
        200,
    );
    expect(token.token_name === 'ci', JSON.stringify(token));

    const [organization] = await succeeds(api.getOrganizations({ client: ada }), 200);
    expect(organization.id === first.organization_id, JSON.stringify(organization));
    expect('display_name' in organization === minor >= 13, JSON.stringify(organization));

    const bad = await refused(
        api.createNewUser({ client: ada, body: { email: 'nonsense', username: 'x', password } }),
        400,
    );
    expect(bad.validations?.[0].field === 'email', JSON.stringify(bad));
    await refused(api.getUserByName({ client: ada, path: { user: 'nobody' } }), 404);
    await refused(api.getUsers({ client: nobody }), 401);
    await succeeds(api.deleteApiKey({ client: ada, path: { user: 'me', keyid: token.id } }), 204);
    await refused(api.getUserByName({ client: robot, path: { user: 'me' } }), 401);
    console.log(`hey-api at ${release}: ${calls} calls as described`);
}

void main();
