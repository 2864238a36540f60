/** What RFC 6749, 6750, 7662 and 7009 require of the endpoints of /oauth2, rule by rule. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeJwt, makeStatic } from '../../gateways/tokens.ts';
import { runServer, type TestServer } from '../../server/run-server.ts';

let usher: TestServer;
let caller: { id: string; token: string };

beforeAll(async () => {
  usher = await runServer();
  caller = await makeStatic(usher, { scopes: ['usher.introspect', 'usher.revoke'] });
});
afterAll(() => usher.stop());

const basic = (id: string, token: string) =>
  `Basic ${Buffer.from(`${id}:${token}`).toString('base64')}`;

async function post(path: string, form: string, authorization?: string, method = 'POST') {
  const response = await fetch(`http://${usher.http}/oauth2/${path}`, {
    method,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      ...(authorization === undefined ? {} : { authorization }),
    },
    ...(method === 'GET' ? {} : { body: form }),
  });
  const json = (await response.json()) as Record<string, unknown>;
  return { status: response.status, json, headers: response.headers };
}

describe.each(['introspect', 'revoke'])('/oauth2/%s', path => {
  const as = () => `Bearer ${caller.token}`;

  test('RFC 6749, 5.2: an unknown client gets 401 and a challenge by the scheme that it used', async () => {
    for (const authorization of [
      basic(caller.id, 'x'),
      basic('x', caller.token),
      'Basic',
      'Basic !',
    ]) {
      const { status, json, headers } = await post(path, 'token=x', authorization);
      expect([authorization, status, json.error]).toEqual([authorization, 401, 'invalid_client']);
      expect(headers.get('www-authenticate')).toBe('Basic realm="usher", Bearer realm="usher"');
    }
  });

  test('RFC 6750, 3: a bad Bearer token gets its error in the challenge', async () => {
    const { status, headers } = await post(path, 'token=x', 'Bearer nonsense');
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toMatch(
      /^Basic realm="usher", Bearer realm="usher", error="invalid_token", error_description="[^"]+"$/,
    );
  });

  test('RFC 6750, 3.1: no error without credentials, or with another scheme', async () => {
    for (const authorization of [undefined, 'Digest a="b"']) {
      const { status, headers } = await post(path, 'token=x', authorization);
      expect(status).toBe(401);
      expect(headers.get('www-authenticate')).toBe('Basic realm="usher", Bearer realm="usher"');
    }
  });

  test('RFC 6750, 3.1: a caller without the scope gets 403 and the scope in the challenge', async () => {
    const weak = await makeStatic(usher, { scopes: ['usher.tokens.read'] });
    for (const authorization of [`Bearer ${weak.token}`, basic(weak.id, weak.token)]) {
      const { status, json, headers } = await post(path, 'token=x', authorization);
      expect([status, json.error]).toEqual([403, 'insufficient_scope']);
      expect(headers.get('www-authenticate')).toMatch(
        new RegExp(`^Bearer realm="usher", error="insufficient_scope", .*, scope="usher.${path}"$`),
      );
    }
  });

  test('RFC 6749, 5.2: an error is JSON with error and error_description', async () => {
    for (const authorization of [undefined, as()]) {
      const { json, headers } = await post(path, '', authorization);
      expect(headers.get('content-type')).toBe('application/json');
      expect(headers.get('cache-control')).toBe('no-store');
      expect(Object.keys(json)).toEqual(['error', 'error_description']);
      expect(json.error_description).toMatch(/^[ !#-[\]-~]+$/);
    }
  });

  test.each([
    ['RFC 7662, 2.1 and 7009, 2.1: token is required', 'token_type_hint=access_token'],
    ['RFC 6749, 3.2: without a value it counts as absent', 'token='],
    ['RFC 6749, 3.2: a parameter comes once at most', 'token=a&token=a'],
    ['RFC 6749, 3.2: any parameter', 'token=a&x=1&x=1'],
  ])('%s', async (_, form) => {
    const { status, json } = await post(path, form, as());
    expect([status, json.error]).toEqual([400, 'invalid_request']);
  });

  test('RFC 6749, 3.2: parameters that are not known are ignored', async () => {
    const { status } = await post(path, 'token=nonsense&client_hint=1', as());
    expect(status).toBe(200);
  });

  test('RFC 6749, 5.2: a description holds few characters, whatever a parameter is named', async () => {
    for (const name of ['%22scope%22', 'sc%C3%B6pe', 'scope%0A', '%5Cscopes']) {
      const { status, json } = await post(path, `token=nonsense&${name}=a`, as());
      expect([name, status]).toEqual([name, 400]);
      expect(json.error_description).toMatch(/^[ !#-[\]-~]+$/);
    }
  });

  test('RFC 7662, 2.1 and 7009, 2.1: any hint is taken', async () => {
    for (const hint of ['access_token', 'refresh_token', 'other', '']) {
      const { status } = await post(path, `token=nonsense&token_type_hint=${hint}`, as());
      expect([hint, status]).toEqual([hint, 200]);
    }
  });

  test('RFC 7662, 2.1 and 7009, 2.1: the method is POST', async () => {
    for (const method of ['GET', 'PUT']) {
      const { status, headers } = await post(path, 'token=x', as(), method);
      expect([status, headers.get('allow')]).toEqual([405, 'POST, OPTIONS']);
    }
  });

  test('RFC 9110, 11.1: the name of a scheme has no case', async () => {
    const lower = basic(caller.id, caller.token).replace('Basic', 'bAsIc');
    expect((await post(path, 'token=x', lower)).status).toBe(200);
    expect((await post(path, 'token=x', `bEARER ${caller.token}`)).status).toBe(200);
  });

  test('RFC 6749, 2.3.1: id and secret are form-encoded before they are joined', async () => {
    const encoded = basic(caller.id.replaceAll('-', '%2D'), caller.token.replaceAll('_', '%5F'));
    expect((await post(path, 'token=x', encoded)).status).toBe(200);
  });

  test('RFC 7009, 2.2.1: 503 has Retry-After', async () => {
    const down = await runServer({ USHER_STORE: 'redis://127.0.0.1:1' });
    const response = await fetch(`http://${down.http}/oauth2/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${down.adminToken}` },
      body: new URLSearchParams({ token: caller.token }),
    });
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
    await down.stop();
  });
});

describe('RFC 7662, 2.2', () => {
  const ask = (token: string) => post('introspect', `token=${token}`, `Bearer ${caller.token}`);

  test('a token that is not good is only inactive, whatever is wrong with it', async () => {
    const { sign, id } = await makeJwt(usher);
    const expired = await sign({ exp: 1 });
    const unsigned = await sign({ exp: 4_102_444_800 }, { kid: id, typ: 'x' });
    for (const token of ['nonsense', expired, unsigned, 'a+b', '%22', 'Basic+dTpw']) {
      const { status, json } = await ask(token);
      expect([token, status, json]).toEqual([token, 200, { active: false }]);
    }
  });

  test('times are whole numbers, and active is a boolean', async () => {
    const { sign } = await makeJwt(usher);
    const { json } = await ask(await sign({ exp: 4_102_444_800, iat: 1_700_000_000.9, nbf: 5.5 }));
    expect(json).toMatchObject({ active: true, exp: 4_102_444_800, iat: 1_700_000_000, nbf: 5 });
  });
});

describe('RFC 7009, 2.2', () => {
  const revoke = (token: string) => post('revoke', `token=${token}`, `Bearer ${caller.token}`);

  test('a token that is not good is answered like one that was revoked', async () => {
    const { token } = await makeStatic(usher);
    for (const each of ['nonsense', token, token]) expect((await revoke(each)).status).toBe(200);
  });

  test("2.1: another owner's token is refused, with a challenge", async () => {
    const mine = await makeStatic(usher, { owner: 'me', scopes: ['usher.revoke'] });
    const other = await makeStatic(usher, { owner: 'you' });
    const { status, headers } = await post(
      'revoke',
      `token=${other.token}`,
      `Bearer ${mine.token}`,
    );
    expect([status, headers.get('www-authenticate')]).toEqual([403, 'Bearer realm="usher"']);
  });
});
