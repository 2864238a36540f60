/** Every refused administrative call is in the audit log, at every door, without what was sent. */

import { afterEach, beforeEach, expect, test } from 'vitest';
import { AccessTokenService } from '../../src/gen/usher/v1/access_token_pb.ts';
import { VerifierService } from '../../src/gen/usher/v1/verifier_pb.ts';
import { ownEngine } from '../engine.ts';
import { makeStatic } from '../gateways/tokens.ts';
import { adminOf, clientOf, overGrpc } from './api.ts';
import { runServer, type TestServer } from './run-server.ts';

let usher: TestServer;
beforeEach(async () => {
  usher = await runServer(ownEngine);
});
afterEach(() => usher.stop());

/** The entries that are no change of an access token, oldest first. */
async function entries() {
  const { events } = await adminOf(usher).listAuditEvents({ oldestFirst: true });
  return events.filter(({ action }) => !action.startsWith('token.'));
}
const details = async () => (await entries()).map(({ detail }) => detail);
const asCaller = (token: string) => adminOf({ manager: usher.manager, adminToken: token });
const failed = (call: Promise<unknown>) => expect(call).rejects.toThrow();

test('sign-ins: a wrong token, one without the scope, a guessed code, another site', async () => {
  const weak = await makeStatic(usher, { scopes: ['x'] });
  const session = `http://${usher.manager}/session`;
  const headers = { 'content-type': 'application/json' };
  const signIn = (token: string, more = {}) => {
    const body = JSON.stringify({ token });
    return fetch(session, { method: 'POST', headers: { ...headers, ...more }, body });
  };
  expect((await signIn('secret-guess'.repeat(4))).status).toBe(401);
  expect((await signIn(weak.token)).status).toBe(403);
  expect((await signIn(weak.token, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  const guess = { method: 'POST', headers, body: JSON.stringify({ code: 'secret-guess' }) };
  expect((await fetch(session, guess)).status).toBe(401);
  expect((await fetch(session, { method: 'DELETE' })).status).toBe(403);
  expect((await fetch(`http://${usher.manager}/status`)).status).toBe(401);
  const told = await entries();
  expect(told.map(({ detail, actor }) => `${detail} ${actor}`)).toEqual([
    'POST /session: token is not valid ',
    `POST /session: the token lacks the scope ${weak.id}`,
    "POST /session: the request is not one of the API Manager's page ",
    'POST /session: login link was used or has expired ',
    "DELETE /session: the request is not one of the API Manager's page ",
    'GET /status: not signed in ',
  ]);
  expect(JSON.stringify(told.map(({ detail, peer }) => [detail, peer]))).not.toContain('secret');
});

test('/oauth2: no credentials, a wrong scope, a token of another owner', async () => {
  const post = (path: string, token: string, body: string) => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const authorization = token === '' ? {} : { authorization: `Bearer ${token}` };
    const init = { method: 'POST', headers: { ...headers, ...authorization }, body };
    return fetch(`http://${usher.http}/oauth2/${path}`, init);
  };
  const weak = await makeStatic(usher, { scopes: ['usher.tokens.read'] });
  const ann = await makeStatic(usher, { owner: 'ann', scopes: ['usher.revoke'] });
  const bob = await makeStatic(usher, { owner: 'bob' });
  await post('introspect', '', 'token=x');
  await post('revoke', 'guess', 'token=x');
  await post('introspect', weak.token, 'token=x');
  await post('revoke', ann.token, `token=${bob.token}`);
  expect((await entries()).map(({ detail, actor }) => `${detail} ${actor}`)).toEqual([
    'POST /oauth2/introspect: invalid_client ',
    'POST /oauth2/revoke: invalid_client ',
    `POST /oauth2/introspect: insufficient_scope ${weak.id}`,
    `POST /oauth2/revoke: unauthorized_client ${ann.id}`,
  ]);
});

test.each([
  ['Connect', false],
  ['gRPC', true],
])('rpcs over %s: no credentials, a wrong scope, another owner', async (_, isGrpc) => {
  const asCaller = (token: string) =>
    isGrpc
      ? overGrpc(AccessTokenService, usher.manager, token)
      : adminOf({ manager: usher.manager, adminToken: token });
  const reader = await makeStatic(usher, { scopes: ['usher.tokens.read'] });
  const ann = await makeStatic(usher, { owner: 'ann', scopes: ['usher.admin'] });
  const bob = await makeStatic(usher, { owner: 'bob' });
  await failed(asCaller('guess').list({}));
  await failed(asCaller(reader.token).revoke({ id: bob.id }));
  await failed(asCaller(ann.token).get({ id: bob.id }));
  await failed(asCaller(ann.token).revoke({ id: bob.id }));
  const expiry = { case: 'exp', value: 4_102_444_800n } as const;
  const verifierOf = isGrpc ? overGrpc : clientOf;
  const issue = (token: string) =>
    verifierOf(VerifierService, usher.http, token).issueJwt({ tokenId: bob.id, expiry });
  await failed(issue(ann.token));
  await failed(issue('guess'));
  expect(await details()).toEqual([
    'AccessTokenService.list: token is not valid',
    "AccessTokenService.revoke: the caller's token lacks the scope usher.tokens.write or usher.admin",
    'AccessTokenService.get: there is no such access token of its owner',
    'AccessTokenService.revoke: there is no such access token of its owner',
    'VerifierService.issueJwt: there is no such access token of its owner',
    'VerifierService.issueJwt: token is not valid',
  ]);
});

test('a flood from one source adds a few entries, and a stop writes its count', async () => {
  const list = () =>
    asCaller('guess')
      .list({})
      .catch(() => undefined);
  // The admin token passes where it was used before, however many guesses follow.
  expect(await details()).toEqual([]);
  for (let n = 0; n < 100; n++) await list();
  expect(await details()).toEqual(['AccessTokenService.list: token is not valid']);
});
