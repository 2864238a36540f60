/** A holder of a token can revoke it (RFC 7009 with the token itself), and nothing else. */

import * as oauth from 'oauth4webapi';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Kind, LimitPer } from '../../../src/gen/usher/v1/access_token_pb.ts';
import { VerifierService } from '../../../src/gen/usher/v1/verifier_pb.ts';
import { makeJwt, makeStatic } from '../../gateways/tokens.ts';
import { adminOf, clientOf } from '../../server/api.ts';
import { runServer, type TestServer } from '../../server/run-server.ts';

let usher: TestServer;
beforeAll(async () => {
  usher = await runServer();
});
afterAll(() => usher.stop());

const exp = 4_102_444_800;

async function post(token: string, authorization: string) {
  const response = await fetch(`http://${usher.http}/oauth2/revoke`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', authorization },
    body: new URLSearchParams({ token }),
  });
  const json = (await response.json()) as Record<string, unknown>;
  return { status: response.status, json };
}
const revokeOwn = (token: string) => post(token, `Bearer ${token}`);

async function reasonFor(token: string) {
  const verifier = clientOf(VerifierService, usher.http, '');
  const { valid, message } = await verifier.verify({ header: `Bearer ${token}` });
  return valid ? 'valid' : message;
}

test('a static token revokes itself; the audit log names its holder', async () => {
  const { id, token } = await makeStatic(usher, { scopes: ['orders.read'] });
  const other = await makeStatic(usher, { scopes: ['orders.read'] });
  expect(await revokeOwn(token)).toEqual({ status: 200, json: {} });
  expect(await reasonFor(token)).toBe('token has been revoked');
  expect(await reasonFor(other.token)).toBe('valid');
  const { events } = await adminOf(usher).listAuditEvents({ tokenId: id });
  expect(events[0]).toMatchObject({
    action: 'token.revoke',
    actor: id,
    detail: 'revoked by its holder',
  });
});

test.each([
  ['with a jti', { jti: 'one' }, { jti: 'other' }],
  ['without one', {}, { iat: 1 }],
])('a JWT %s revokes itself alone', async (_, claims, others) => {
  const { id, sign } = await makeJwt(usher);
  const own = await sign({ exp, ...claims });
  const other = await sign({ exp, ...others });
  expect(await revokeOwn(own)).toEqual({ status: 200, json: {} });
  expect(await reasonFor(own)).toBe('token has been revoked');
  expect(await reasonFor(other)).toBe('valid');
  const { events } = await adminOf(usher).listAuditEvents({ tokenId: id });
  expect(events[0]).toMatchObject({
    ...{ action: 'jwt.revoke', actor: id },
    detail: 'revoked by its holder',
  });
});

test('one that is revoked or has expired is done with (RFC 7009, 2.2)', async () => {
  const { token } = await makeStatic(usher);
  expect((await revokeOwn(token)).status).toBe(200);
  expect(await revokeOwn(token)).toEqual({ status: 200, json: {} });
  const { sign } = await makeJwt(usher);
  expect((await revokeOwn(await sign({ exp: 1 }))).status).toBe(200);
});

test('one that is not valid yet is revoked, too', async () => {
  const { sign } = await makeJwt(usher);
  const token = await sign({ exp, nbf: 4_000_000_000, jti: 'later' });
  expect((await revokeOwn(token)).status).toBe(200);
  expect(await reasonFor(token)).toBe('token is not valid yet');
});

test('one that is over its limit is revoked, too', async () => {
  const rateLimit = { requests: 1n, window: { seconds: 3600n }, per: LimitPer.TOKEN };
  const { token } = await adminOf(usher).create({ kind: Kind.STATIC, name: 'limited', rateLimit });
  expect([await reasonFor(token), await reasonFor(token)]).toEqual([
    'valid',
    'token is over its limit',
  ]);
  expect((await revokeOwn(token)).status).toBe(200);
  expect(await reasonFor(token)).toBe('token has been revoked');
});

test('oauth4webapi does it, as a client whose secret is the token', async () => {
  const { id, token } = await makeStatic(usher);
  const server = {
    issuer: `http://${usher.http}`,
    revocation_endpoint: `http://${usher.http}/oauth2/revoke`,
  };
  const response = await oauth.revocationRequest(
    server,
    { client_id: id },
    oauth.ClientSecretBasic(token),
    token,
    { [oauth.allowInsecureRequests]: true },
  );
  await oauth.processRevocationResponse(response);
  expect(await reasonFor(token)).toBe('token has been revoked');
});

describe('a holder cannot', () => {
  test.each(['static', 'jwt'])('revoke another token with a %s token', async kind => {
    const { sign } = await makeJwt(usher, { owner: 'ann' });
    const own =
      kind === 'jwt' ? await sign({ exp }) : (await makeStatic(usher, { owner: 'ann' })).token;
    const other = await makeStatic(usher, { owner: 'ann' });
    const jwt = await sign({ exp, jti: 'other' });
    for (const token of [other.token, jwt]) {
      const { status, json } = await post(token, `Bearer ${own}`);
      expect([status, json.error]).toEqual([403, 'insufficient_scope']);
      expect(await reasonFor(token)).toBe('valid');
    }
  });

  test('use a token that is not one, or that another client id names', async () => {
    const { token } = await makeStatic(usher);
    const other = await makeStatic(usher);
    expect((await revokeOwn('nonsense')).status).toBe(401);
    expect((await revokeOwn(`${token.slice(0, -1)}x`)).status).toBe(401);
    const basic = `Basic ${Buffer.from(`${other.id}:${token}`).toString('base64')}`;
    expect((await post(token, basic)).status).toBe(401);
    expect((await post('', `Bearer ${token}`)).status).toBe(403);
    expect((await post(token, '')).status).toBe(401);
    expect(await reasonFor(token)).toBe('valid');
  });

  test('introspect with it', async () => {
    const { token } = await makeStatic(usher);
    const response = await fetch(`http://${usher.http}/oauth2/introspect`, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: `Bearer ${token}`,
      },
      body: new URLSearchParams({ token }),
    });
    expect(response.status).toBe(403);
  });
});
