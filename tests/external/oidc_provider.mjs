// A real OpenID provider on loopback, for tests and for trying things out: whoever comes is logged in
// without a page to fill in. The cookie "account" says who comes.
//
// Usage: node oidc_provider.mjs [--port 9000 | --fd 3] [--account ada@corp.example]
//        [--redirect-uri http://127.0.0.1:3000/api/v2/users/oidc/callback]
//        [--client-auth client_secret_basic]
//
// Prints one line of JSON when it is ready, and ends when its standard input does. Its keys are new
// each time. The packages of package-lock.json lie in the folder NODE_PACKAGES.
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

// It would tell of what is intended here: http, and a memory that ends with the process.
console.info = console.warn = () => {};

const { values: options } = parseArgs({ options: {
  stay: { type: 'boolean' }, // goes on when its input has ended
  port: { type: 'string', default: '0' },
  fd: { type: 'string' },
  account: { type: 'string', default: 'ada@corp.example' },
  'redirect-uri': { type: 'string', default: 'http://127.0.0.1:3000/api/v2/users/oidc/callback' },
  'client-auth': { type: 'string', default: 'client_secret_post' },
} });

const packages = process.env.NODE_PACKAGES ?? fileURLToPath(new URL('node_modules', import.meta.url));
const { Provider, interactionPolicy } = await import(
  pathToFileURL(path.resolve(packages, 'oidc-provider/lib/index.js')));

// Listening first: the port is part of the issuer.
const server = createServer();
await new Promise((done) => server.listen(
  options.fd ? { fd: Number(options.fd) } : { host: '127.0.0.1', port: Number(options.port) }, done));
const issuer = `http://127.0.0.1:${server.address().port}`;

// "unverified-eve@corp.example" has an e-mail address that nobody has verified.
const account = (id) => ({
  accountId: id,
  claims: () => ({
    sub: id,
    email: id,
    email_verified: !id.startsWith('unverified-'),
    preferred_username: id.slice(0, id.lastIndexOf('@')),
    picture: `${issuer}/pictures/${encodeURIComponent(id)}`,
  }),
});

const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });
const provider = new Provider(issuer, {
  clients: [{
    client_id: 'coder-users',
    client_secret: 'provider-secret',
    redirect_uris: [options['redirect-uri']],
    token_endpoint_auth_method: options['client-auth'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
  }],
  clientAuthMethods: [options['client-auth']],
  jwks: { keys: [{ ...key, kid: randomUUID(), use: 'sig', alg: 'RS256' }] },
  pkce: { required: () => true, methods: ['S256'] },
  claims: {
    openid: ['sub'], email: ['email', 'email_verified'], profile: ['preferred_username', 'picture'],
  },
  findAccount: (_, id) => account(id),
  features: { devInteractions: { enabled: false } },
  interactions: {
    policy: interactionPolicy.base(),
    url: (_, interaction) => `/interaction/${interaction.uid}`,
  },
  cookies: { keys: [randomUUID()] },
  issueRefreshToken: () => true,
  async loadExistingGrant({ oidc }) { // consents to whatever the client asks for
    const { clientId } = oidc.client;
    const grant = new oidc.provider.Grant({ clientId, accountId: oidc.session.accountId });
    grant.addOIDCScope('openid email profile');
    await grant.save();
    return grant;
  },
});

const asked = (request) => /(?:^|; )account=([^;]*)/.exec(request.headers.cookie ?? '')?.[1];
const answer = provider.callback();
server.on('request', async (request, response) => {
  if (!request.url.startsWith('/interaction/')) return answer(request, response);
  try {
    const accountId = decodeURIComponent(asked(request) ?? options.account);
    await provider.interactionDetails(request, response);
    await provider.interactionFinished(request, response, accountId === 'deny'
      ? { error: 'access_denied', error_description: 'The user said no.' }
      : { login: { accountId } });
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
});

console.log(JSON.stringify({ issuer, client_id: 'coder-users', client_secret: 'provider-secret' }));
if (!options.stay)
    process.stdin.resume().on('end', () => process.exit(0)).on('error', () => process.exit(0));
