/** Introspection (RFC 7662) and revocation (RFC 7009), by an independent client and by hand. */

import * as oauth from 'oauth4webapi';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeJwt, makeStatic } from '../../gateways/tokens.ts';
import { adminOf } from '../../server/api.ts';
import { runServer, type TestServer } from '../../server/run-server.ts';

let usher: TestServer;
let caller: { id: string; token: string };
let server: oauth.AuthorizationServer;

beforeAll(async () => {
  usher = await runServer({ USHER_TRUSTED_PROXIES: '127.0.0.0/8' });
  caller = await makeStatic(usher, { scopes: ['usher.introspect', 'usher.revoke'] });
  const url = `http://${usher.http}`;
  server = {
    issuer: url,
    introspection_endpoint: `${url}/oauth2/introspect`,
    revocation_endpoint: `${url}/oauth2/revoke`,
  };
});
afterAll(() => usher.stop());

const insecure = { [oauth.allowInsecureRequests]: true };

async function introspect(token: string): Promise<oauth.IntrospectionResponse> {
  const client = { client_id: caller.id };
  const auth = oauth.ClientSecretBasic(caller.token);
  const response = await oauth.introspectionRequest(server, client, auth, token, insecure);
  return await oauth.processIntrospectionResponse(server, client, response);
}

async function revoke(token: string): Promise<undefined> {
  const client = { client_id: caller.id };
  const auth = oauth.ClientSecretBasic(caller.token);
  const response = await oauth.revocationRequest(server, client, auth, token, insecure);
  return await oauth.processRevocationResponse(response);
}

describe('oauth4webapi', () => {
  test('introspects and revokes a static token', async () => {
    const { id, token } = await makeStatic(usher, { owner: 'shop', scopes: ['a', 'b'] });
    expect(await introspect(token)).toEqual({
      active: true,
      scope: 'a b',
      client_id: id,
      token_type: 'Bearer',
      kind: 'static',
      owner: 'shop',
      revision: 1,
    });
    await revoke(token);
    expect(await introspect(token)).toEqual({ active: false });
    await revoke(token);
  });

  test('introspects and revokes one JWT, and no other', async () => {
    const { id, sign } = await makeJwt(usher, { scopes: ['a'] });
    const claims = { iss: 'shop', aud: ['x', 'y'], exp: 4_102_444_800, iat: 1_700_000_000.5 };
    const one = await sign({ ...claims, sub: 'u1', jti: 'one' });
    const other = await sign({ ...claims, jti: 'other' });
    expect(await introspect(one)).toEqual({
      active: true,
      scope: 'a',
      client_id: id,
      token_type: 'Bearer',
      exp: 4_102_444_800,
      iat: 1_700_000_000,
      sub: 'u1',
      aud: ['x', 'y'],
      iss: 'shop',
      jti: 'one',
      kind: 'jwt',
      revision: 1,
    });
    await revoke(one);
    expect(await introspect(one)).toEqual({ active: false });
    expect(await introspect(other)).toMatchObject({ active: true, jti: 'other' });
  });

  test('revokes a JWT that is not valid yet', async () => {
    const { id, sign } = await makeJwt(usher);
    await revoke(await sign({ exp: 4_102_444_800, nbf: 4_000_000_000, jti: 'later' }));
    const { accessToken } = await adminOf(usher).get({ id });
    expect(accessToken?.revokedJwts).toBe(1);
  });

  test('revokes a JWT whose jti is a number, by its decimal text', async () => {
    const { id, sign } = await makeJwt(usher);
    const token = await sign({ exp: 4_102_444_800, jti: 42 as never, sub: 7 as never });
    expect(await introspect(token)).toMatchObject({ active: true, jti: '42', sub: '7' });
    await revoke(token);
    expect(await introspect(token)).toEqual({ active: false });
    await adminOf(usher).revokeJwts({ id, target: { case: 'jti', value: '42' } });
    expect((await adminOf(usher).get({ id })).accessToken?.revokedJwts).toBe(1);
  });

  test('is done with a JWT that can never become valid', async () => {
    const { sign } = await makeJwt(usher);
    expect(await revoke(await sign({ exp: 'x' as never }))).toBeUndefined();
  });

  test('revokes a JWT without jti, and no other one', async () => {
    const { sign } = await makeJwt(usher);
    const token = await sign({ exp: 4_102_444_800 });
    const others = [
      await sign({ exp: 4_102_444_801 }),
      await sign({ exp: 4_102_444_800, jti: 'a' }),
    ];
    expect(await introspect(token)).toMatchObject({ active: true });
    await revoke(token);
    expect(await introspect(token)).toEqual({ active: false });
    for (const other of others) expect(await introspect(other)).toMatchObject({ active: true });
    await revoke(token);
  });

  test.each(['nonsense', 'a b', 'Bearer x', `ush_${'0'.repeat(71)}`])(
    'learns nothing about %s',
    async token => {
      expect(await introspect(token)).toEqual({ active: false });
      expect(await revoke(token)).toBeUndefined();
    },
  );
});

/** Sends a raw POST. */
async function post(path: string, body: string, headers: Record<string, string>) {
  const type = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const response = await fetch(`http://${usher.http}/oauth2/${path}`, {
    method: 'POST',
    headers: { ...type, ...headers },
    body,
  });
  return { status: response.status, json: await response.json(), headers: response.headers };
}

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
const basic = (id: string, token: string) => ({
  Authorization: `Basic ${Buffer.from(`${id}:${token}`).toString('base64')}`,
});

describe('callers', () => {
  test('authenticate by Bearer and by Basic, also with the admin token', async () => {
    const admin = usher.adminToken;
    const ways = [bearer(caller.token), basic(caller.id, caller.token), basic('admin', admin)];
    for (const headers of ways) {
      const { status, json, headers: sent } = await post('introspect', 'token=x', headers);
      expect([status, json]).toEqual([200, { active: false }]);
      expect(sent.get('cache-control')).toBe('no-store');
    }
  });

  test.each(['introspect', 'revoke'])('cannot authenticate to /oauth2/%s otherwise', async path => {
    const { sign } = await makeJwt(usher, {
      scopes: ['usher.introspect', 'usher.revoke', 'usher.admin'],
    });
    const weak = await makeStatic(usher, { scopes: ['usher.tokens.read'] });
    const jwt = await sign({ exp: 4_102_444_800 });
    const other = await makeStatic(usher, { scopes: ['usher.introspect', 'usher.revoke'] });
    const refused: [Record<string, string>, number][] = [
      [{}, 401],
      [bearer('nonsense'), 401],
      [basic(other.id, caller.token), 401],
      [basic('', caller.token), 401],
      [{ Authorization: 'Basic !' }, 401],
      [{ Authorization: `Basic ${Buffer.from('no colon').toString('base64')}` }, 401],
      [bearer(jwt), 403],
      [bearer(weak.token), 403],
    ];
    for (const [headers, status] of refused) {
      const answer = await post(path, 'token=x', headers);
      expect([headers, answer.status]).toEqual([headers, status]);
      expect(answer.headers.get('www-authenticate')).toMatch(/Bearer realm="usher"/);
    }
  });

  test.each([
    ['usher.introspect', 'revoke'],
    ['usher.revoke', 'introspect'],
  ])('with %s alone cannot %s', async (scope, path) => {
    const weak = await makeStatic(usher, { scopes: [scope] });
    const held = await makeStatic(usher);
    const { status, json } = await post(path, `token=${held.token}`, bearer(weak.token));
    const description = `the caller needs a static access token with the scope usher.${path}`;
    const error = { error: 'insufficient_scope', error_description: description };
    expect([status, json]).toEqual([403, error]);
    expect(await introspect(held.token)).toMatchObject({ active: true });
  });

  test("limited to an owner cannot see or revoke another's tokens", async () => {
    const scopes = ['usher.introspect', 'usher.revoke'];
    const mine = await makeStatic(usher, { owner: 'me', scopes });
    const other = await makeStatic(usher, { owner: 'you' });
    const own = await makeStatic(usher, { owner: 'me' });
    const as = bearer(mine.token);
    expect((await post('introspect', `token=${own.token}`, as)).json).toMatchObject({
      active: true,
    });
    expect((await post('introspect', `token=${other.token}`, as)).json).toEqual({ active: false });
    expect((await post('revoke', `token=${other.token}`, as)).status).toBe(403);
    expect(await introspect(other.token)).toMatchObject({ active: true });
    expect((await post('revoke', `token=${own.token}`, as)).status).toBe(200);
    expect(await introspect(own.token)).toEqual({ active: false });
  });

  test('are logged with the address that a trusted proxy reports', async () => {
    const { id, token } = await makeStatic(usher);
    const forwarded = { 'X-Forwarded-For': '198.51.100.7' };
    await post('revoke', `token=${token}`, { ...bearer(caller.token), ...forwarded });
    const { events } = await adminOf(usher).listAuditEvents({ tokenId: id });
    const [event] = events;
    expect([event?.action, event?.actor, event?.peer]).toEqual([
      'token.revoke',
      caller.id,
      '198.51.100.7',
    ]);
  });
});

describe('forms', () => {
  const as = () => bearer(caller.token);
  test.each([
    ['', 'no token'],
    ['token=', 'an empty token'],
    ['token=a&token=b', 'two tokens'],
    ['token=%', 'a broken escape'],
    ['token=%ff', 'an escape that is not UTF-8'],
    ['token=é', 'a byte that is not ASCII'],
    [`token=${'a'.repeat(40_000)}`, 'one that is too long'],
  ])('are refused: %#', async body => {
    const { status, json } = await post('introspect', body, as());
    expect([status, json]).toMatchObject([400, { error: 'invalid_request' }]);
  });

  test('of another type are refused', async () => {
    const { status } = await post('introspect', '{"token":"x"}', {
      ...as(),
      'Content-Type': 'application/json',
    });
    expect(status).toBe(400);
  });

  test('may have a hint and ask for scopes', async () => {
    const { token } = await makeStatic(usher, { scopes: ['a'] });
    const hint = `token=${token}&token_type_hint=access_token`;
    expect((await post('introspect', hint, as())).json).toMatchObject({ active: true });
    const scoped = (scope: string) => post('introspect', `${hint}&scope=${scope}`, as());
    expect((await scoped('a')).json).toMatchObject({ active: true });
    expect((await scoped('a+b')).json).toEqual({ active: false });
    expect((await scoped('%22')).json).toEqual({ active: false });
  });

  test.each(['scopes', 'required_scopes', 'Scope', 'token_type_hnt', 'tokn'])(
    'with %s instead of the right name are refused',
    async name => {
      const { token } = await makeStatic(usher, { scopes: ['a'] });
      for (const endpoint of ['introspect', 'revoke'] as const) {
        const { status, json } = await post(endpoint, `token=${token}&${name}=a`, as());
        expect([status, json]).toEqual([
          400,
          {
            error: 'invalid_request',
            error_description: expect.stringContaining(`the parameter ${name} is not known`),
          },
        ]);
      }
    },
  );

  test('of other standards are ignored, as OAuth says', async () => {
    const { token } = await makeStatic(usher, { scopes: ['a'] });
    const names = ['client_id', 'client_secret', 'client_assertion', 'client_assertion_type'];
    names.push('resource', 'state', 'nonce', 'grant_type', 'response_type', 'format', 'audience');
    names.push('code', 'access_token', 'id_token', 'id_token_hint', 'refresh_token', 'token_type');
    names.push('actor_token', 'requested_token_type', 'subject_token', 'subject_token_type');
    for (const name of names) {
      const { json } = await post('introspect', `token=${token}&${name}=x`, as());
      expect([name, json]).toMatchObject([name, { active: true }]);
    }
  });

  test('are accepted by POST only', async () => {
    const response = await fetch(`http://${usher.http}/oauth2/introspect?token=x`, {
      headers: as(),
    });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST, OPTIONS']);
  });
});
