/** Guessing is slowed at every door where callers authenticate, over real sockets. */

import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createConnectTransport, createGrpcWebTransport } from '@connectrpc/connect-node';
import { afterEach, expect, test } from 'vitest';
import { RetryInfoSchema } from '../../src/gen/google/rpc/error_details_pb.ts';
import { AccessTokenService } from '../../src/gen/usher/v1/access_token_pb.ts';
import { VerifierService } from '../../src/gen/usher/v1/verifier_pb.ts';
import { ownEngine } from '../engine.ts';
import { makeStatic } from '../gateways/tokens.ts';
import { adminOf, clientOf, overGrpc } from './api.ts';
import { runServer, type TestServer } from './run-server.ts';

let usher: TestServer;
afterEach(() => usher.stop());
const start = async (env: Record<string, string> = {}) => {
  usher = await runServer({ ...ownEngine, USHER_GUESSES_PER_MINUTE_MAX: '5', ...env });
};

const text = 'too many attempts with a wrong credential; try again later';

const post = (url: string, headers: Record<string, string>, body: string) =>
  fetch(url, { method: 'POST', headers, body });
const signIn = (offered: object, headers: Record<string, string> = {}) =>
  post(
    `http://${usher.manager}/session`,
    { 'content-type': 'application/json', ...headers },
    JSON.stringify(offered),
  );
const oauth = (path: string, token: string, headers: Record<string, string> = {}) =>
  post(
    `http://${usher.http}/oauth2/${path}`,
    {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `Bearer ${token}`,
      ...headers,
    },
    'token=x',
  );

/** Has this machine slowed by guesses at a door that a test is not about. */
async function guess(times = 5) {
  for (let n = 0; n < times; n++)
    expect((await oauth('introspect', `guess-${n}`)).status).toBe(401);
}

async function expectSlowed(response: Response) {
  expect(response.status).toBe(429);
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  expect(Number(response.headers.get('retry-after'))).toBeLessThanOrEqual(61);
  expect(JSON.stringify(await response.json())).toContain(text);
}

test('sign-in by a token and by the code of a login link', async () => {
  await start();
  for (let n = 0; n < 3; n++) expect((await signIn({ token: `guess-${n}` })).status).toBe(401);
  for (let n = 0; n < 2; n++) expect((await signIn({ code: `guess-${n}` })).status).toBe(401);
  await expectSlowed(await signIn({ token: 'guess' }));
  await expectSlowed(await signIn({ code: 'guess' }));
  await expectSlowed(await signIn({ code: usher.issueLoginCode() }));
  await expectSlowed(await signIn({ token: usher.adminToken }));
});

test('a sign-in that succeeded is no guess, and its session is never slowed', async () => {
  await start();
  const response = await signIn({ code: usher.issueLoginCode() });
  expect(response.status).toBe(200);
  const { pageSecret } = (await response.json()) as { pageSecret: string };
  const cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  await guess();
  const headers = { cookie, 'x-usher-page-secret': pageSecret, 'sec-fetch-site': 'same-origin' };
  const shown = await fetch(`http://${usher.manager}/session`, { headers });
  expect(shown.status).toBe(200);
});

test('introspection and revocation (RFC 7662, RFC 7009)', async () => {
  await start();
  await guess(3);
  for (let n = 0; n < 2; n++) expect((await oauth('revoke', `other-${n}`)).status).toBe(401);
  await expectSlowed(await oauth('introspect', 'guess'));
  await expectSlowed(await oauth('revoke', 'guess'));
});

test('administrative rpcs and IssueJwt, by every protocol, with the time to wait', async () => {
  await start();
  await guess();
  const web = createGrpcWebTransport({ baseUrl: `http://${usher.http}`, httpVersion: '1.1' });
  const proto = createConnectTransport({ baseUrl: `http://${usher.http}`, httpVersion: '1.1' });
  const authorization = { headers: { authorization: 'Bearer guess' } };
  const calls = [
    () => clientOf(AccessTokenService, usher.manager, 'guess').list({}),
    () => overGrpc(AccessTokenService, usher.manager, 'guess').list({}),
    () => overGrpc(VerifierService, usher.grpc, 'guess').issueJwt({ tokenId: 'x' }),
    () => createClient(VerifierService, web).issueJwt({ tokenId: 'x' }, authorization),
    () => createClient(VerifierService, proto).issueJwt({ tokenId: 'x' }, authorization),
  ];
  for (const call of calls) {
    const error = await call().then(
      () => undefined,
      thrown => ConnectError.from(thrown),
    );
    expect([error?.code, error?.rawMessage]).toEqual([Code.ResourceExhausted, text]);
    const [info] = error?.findDetails(RetryInfoSchema) ?? [];
    expect(Number(info?.retryDelay?.seconds)).toBeLessThanOrEqual(60);
  }
  const url = `http://${usher.manager}/usher.v1.AccessTokenService/List`;
  const headers = { 'content-type': 'application/json', authorization: 'Bearer guess' };
  await expectSlowed(await post(url, headers, '{}'));
});

test('good tokens that were used before pass, whatever others behind their address try', async () => {
  await start();
  const { token } = await makeStatic(usher, { scopes: ['usher.introspect', 'usher.admin'] });
  expect((await oauth('introspect', token)).status).toBe(200);
  const late = await makeStatic(usher, { scopes: ['usher.introspect'] });
  await guess();
  for (let n = 0; n < 20; n++) expect((await oauth('introspect', token)).status).toBe(200);
  expect((await adminOf(usher).list({})).accessTokens).toHaveLength(2);
  expect((await signIn({ token })).status).toBe(200);
  await expectSlowed(await oauth('introspect', late.token));
});

test('behind a trusted proxy each client counts for itself', async () => {
  await start({ USHER_TRUSTED_PROXIES: '127.0.0.1' });
  const { token } = await makeStatic(usher, { scopes: ['usher.admin'] });
  const by = (address: string) => ({ 'x-forwarded-for': address });
  const attacker = by('203.0.113.66');
  for (let n = 0; n < 5; n++)
    expect((await oauth('introspect', `${n}`, attacker)).status).toBe(401);
  await expectSlowed(await oauth('introspect', token, attacker));
  await expectSlowed(await signIn({ token }, by('1.2.3.4, 203.0.113.66')));
  expect((await signIn({ token }, by('198.51.100.7'))).status).toBe(200);
  const six = (n: number) => by(`2001:db8:1:2::${n}`);
  for (let n = 0; n < 5; n++) expect((await oauth('revoke', `${n}`, six(n))).status).toBe(401);
  await expectSlowed(await oauth('revoke', 'x', six(9)));
});

test('metrics, one line of the log and the audit log tell of it, without what was tried', async () => {
  await start();
  await guess();
  for (let n = 0; n < 20; n++) await expectSlowed(await oauth('introspect', 'secret-guess'));
  const metrics = await (await fetch(`http://${usher.manager}/metrics`)).text();
  expect(metrics).toContain('usher_wrong_credentials_total 5');
  expect(metrics).toContain('usher_slowed_calls_total{reason="minute"} 20');
  const lines = usher.logged.filter(line => line.includes('USHER_GUESSES_PER_MINUTE_MAX'));
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'warn', source: '127.0.0.1' });
  await usher.stop();
  expect(usher.logged.join('')).not.toContain('secret-guess');
});

test('the audit log counts what was refused', async () => {
  await start();
  await adminOf(usher).list({});
  await guess();
  for (let n = 0; n < 20; n++) await expectSlowed(await signIn({ token: 'guess' }));
  const { events } = await adminOf(usher).listAuditEvents({ oldestFirst: true });
  const refused = events.filter(({ action }) => action === 'call.refused');
  expect(refused.map(({ detail, peer }) => `${detail} ${peer}`)).toEqual([
    'POST /oauth2/introspect: invalid_client 127.0.0.1',
    `POST /session: ${text} 127.0.0.1`,
  ]);
});
