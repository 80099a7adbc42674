// A certified OpenID Provider (npm oidc-provider) on the loopback, over https, with a page that asks for a name and no
// password. Arguments: the folder with node_modules, the certificate, its key, and the redirect URIs with commas.
// Writes its issuer as the first line of its output.
//
// People stand below. Two names may be one person (the same subject) whose attributes changed.
import { createServer } from 'node:https';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [modules, certificate, key, redirects] = process.argv.slice(2);
const require = createRequire(`${modules}/x.js`);
const load = async (name) => import(pathToFileURL(require.resolve(name)).href);
const { default: Provider } = await load('oidc-provider');
const { generateKeyPair, exportJWK } = await load('jose');

const people = {
  ann: { sub: 'u-1001', email: 'ann@example.com', email_verified: true, name: 'Ann Öst' },
  anna: { sub: 'u-1001', email: 'anna.new@example.com', email_verified: true, name: 'Anna Öst' },
  ben: { sub: 'u-1002', email: 'ben@example.com', email_verified: true, name: 'Ben' },
  unverified: { sub: 'u-6666', email: 'ann@example.com', email_verified: false, name: 'Not Ann' },
  reused: { sub: 'u-6667', email: 'ANN@example.com', email_verified: true, name: 'Not Ann either' },
  nomail: { sub: 'u-2002', name: 'No Mail' },
  hosted: { sub: 'u-3003', email: 'h@corp.example', email_verified: true, name: 'Hosted', hd: 'corp.example' },
};
const lastName = new Map(); // subject to the name that it signed in with last
const client = (client_id, algorithm) => ({
  client_id,
  client_secret: 'secret-of-the-test-provider',
  redirect_uris: redirects.split(','),
  backchannel_logout_uri: `${redirects.split(',')[0]}/logout`,
  token_endpoint_auth_method: 'client_secret_basic',
  grant_types: ['authorization_code'],
  response_types: ['code'],
  id_token_signed_response_alg: algorithm,
});
const keys = [];
for (const [alg, kid] of [['RS256', 'rsa'], ['ES256', 'ec'], ['EdDSA', 'ed']]) {
  const options = alg === 'EdDSA' ? { crv: 'Ed25519', extractable: true } : { extractable: true };
  const { privateKey } = await generateKeyPair(alg, options);
  keys.push({ ...(await exportJWK(privateKey)), kid, alg, use: 'sig' });
}
const settings = {
  clients: [client('rsa', 'RS256'), client('ec', 'ES256'), client('ed', 'EdDSA')],
  pkce: { required: () => true },
  claims: { openid: ['sub', 'amr'], email: ['email', 'email_verified'], profile: ['name', 'hd'] },
  scopes: ['openid', 'email', 'profile'],
  // Claims stand in the ID token, as Google and Entra have it.
  conformIdTokenClaims: false,
  features: { devInteractions: { enabled: false }, backchannelLogout: { enabled: true } },
  // What it would send to others stands in the log: a test sends it itself, or something else.
  async fetch(address, { body }) {
    console.error(`leaves ${new URLSearchParams(body).get('logout_token')}`);
    return new Response(null, { status: 200 });
  },
  cookies: { keys: ['of-the-test-provider'] },
  enabledJWA: { idTokenSigningAlgValues: ['RS256', 'ES256', 'EdDSA'] },
  jwks: { keys },
  ttl: { AuthorizationCode: 60, IdToken: 300, AccessToken: 300, Session: 3600, Grant: 3600, Interaction: 600 },
  async findAccount(_context, id) {
    const person = people[lastName.get(id)];
    return person && { accountId: id, claims: async () => ({ ...person }) };
  },
  interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
  async loadExistingGrant(context) {
    const { client: asking, session, provider } = context.oidc;
    const grant = new provider.Grant({ clientId: asking.clientId, accountId: session.accountId });
    grant.addOIDCScope('openid email profile');
    await grant.save();
    return grant;
  },
};

const server = createServer({ cert: readFileSync(certificate), key: readFileSync(key) });
server.listen(0, '127.0.0.1', () => {
  const issuer = `https://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, settings);
  // What was issued stands in the log, for a test that looks where it went.
  provider.use(async (context, next) => {
    await next();
    const { id_token, access_token } = (context.oidc?.route === 'token' && context.body) || {};
    for (const token of [id_token, access_token]) if (token) console.error(`issued ${token}`);
  });
  const rest = provider.callback();
  server.on('request', async (request, response) => {
    // An administrator there ends somebody's sessions: /leave/CLIENT/SUBJECT.
    const [, leaving, id, subject] = (request.url ?? '').split('/');
    if (leaving === 'leave') {
      await (await provider.Client.find(id)).backchannelLogout(subject, 'a-session');
      return response.end();
    }
    if (!/^\/interaction\/[^/?]+/.test(request.url ?? '')) return rest(request, response);
    try {
      const details = await provider.interactionDetails(request, response);
      if (request.method === 'GET') {
        response.setHeader('content-type', 'text/html; charset=utf-8');
        return response.end(`<!doctype html><title>Test provider</title><form method="post" action="/interaction/${details.uid}">
          <label>Name <input name="login" id="login"></label><button>Continue</button></form>`);
      }
      let body = '';
      for await (const chunk of request) body += chunk;
      const name = new URLSearchParams(body).get('login') ?? '';
      const person = people[name];
      if (person) lastName.set(person.sub, name);
      const result = person
        ? { login: { accountId: person.sub, amr: ['pwd', 'mfa'], remember: false } }
        : { error: 'access_denied', error_description: 'refused by the person' };
      await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
    } catch (error) {
      response.statusCode = 500;
      response.end(String(error));
    }
  });
  console.log(issuer);
});
