/** Tokens that may be used from some addresses only, through every door, over real sockets. */

import { request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport } from '@connectrpc/connect-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Authorization } from '../../src/gen/envoy/service/auth/v3/external_auth_pb.ts';
import { AccessTokenService } from '../../src/gen/usher/v1/access_token_pb.ts';
import { Reason, VerifierService } from '../../src/gen/usher/v1/verifier_pb.ts';
import { ownEngine } from '../engine.ts';
import { makeJwt, makeStatic } from '../gateways/tokens.ts';
import { answerOf, openH2, requestH2 } from '../transport/http/http2.ts';
import { adminOf, clientOf } from './api.ts';
import { runServer, type TestServer } from './run-server.ts';

/** A trusted proxy, a caller who may use the tokens, and one who may not. */
const [proxy, friend, stranger] = ['127.0.0.10', '127.0.0.2', '127.0.0.3'] as const;
const allowedSources = ['198.51.100.0/24', '2001:db8:7::/48', friend];
/** A client behind the proxy who may use them, and one who may not. */
const [inside, outside] = ['198.51.100.7', '203.0.113.5'] as const;

let usher: TestServer;
let token: string;
let jwt: string;

beforeAll(async () => {
  usher = await runServer({ ...ownEngine, USHER_TRUSTED_PROXIES: proxy });
  const scopes = ['usher.admin', 'orders.read'];
  ({ token } = await makeStatic(usher, { scopes, allowedSources }));
  const { sign } = await makeJwt(usher, { allowedSources });
  jwt = await sign({ exp: 4_102_444_800 });
});
afterAll(() => usher.stop());

interface Sent {
  method?: string;
  /** Lines of X-Forwarded-For. */
  forwarded?: string[];
  headers?: Record<string, string>;
  body?: string;
}

/** A request from a local address. */
async function send(from: string, url: string, { forwarded = [], ...sent }: Sent = {}) {
  const headers = { authorization: `Bearer ${token}`, ...sent.headers };
  const all = Object.entries(headers).concat(forwarded.map(line => ['X-Forwarded-For', line]));
  const { method = 'GET', body } = sent;
  const options = { method, localAddress: from, headers: [['host', 'localhost'], ...all].flat() };
  const { promise, resolve, reject } = Promise.withResolvers<{
    status: number;
    body: string;
    cookies: string[];
  }>();
  const req = request(url, options as never, async res => {
    const cookies = res.headers['set-cookie'] ?? [];
    resolve({ status: res.statusCode ?? 0, body: await text(res), cookies });
  });
  req.on('error', reject).end(body);
  return await promise;
}

/** A gRPC transport whose connections come from a local address. */
function grpcFrom(from: string, address: string) {
  const [host = '', port] = address.split(':');
  const createConnection = () => connect({ host, port: Number(port), localAddress: from });
  return createGrpcTransport({ baseUrl: `http://${address}`, nodeOptions: { createConnection } });
}

describe.each([
  ['GET /', 'root'],
  ['/forward-auth', 'forward-auth'],
  ['/forward-auth?flavour=nginx', 'forward-auth?flavour=nginx'],
  ['/ext-authz/', 'ext-authz/orders'],
])('%s', (_, path) => {
  const at = () => `http://${usher.http}/${path === 'root' ? '' : path}`;
  const ask = async (from: string, forwarded: string[] = []) =>
    (await send(from, at(), { forwarded })).status;

  test('by a trusted proxy: the client that it names', async () => {
    expect(await ask(proxy, [inside])).toBe(200);
    expect(await ask(proxy, [outside])).toBe(403);
    expect(await ask(proxy, [`${outside}, ${inside}`])).toBe(200);
    expect(await ask(proxy, ['2001:db8:7::1'])).toBe(200);
    expect(await ask(proxy, ['[2001:db8:7::1]:51234'])).toBe(200);
    expect(await ask(proxy, [`::ffff:${inside}`])).toBe(200);
  });

  test.each([
    ['an entry before the real one', [`${inside}, ${outside}`]],
    ['a line of its own before it', [inside, outside]],
    ['10,000 entries, as far as they fit', [`${`${inside}, `.repeat(1500)}${outside}`]],
    ['an entry without a comma', [`${inside} ${outside}`]],
    ['"unknown"', [`${inside}, unknown`]],
    ['an empty entry', [`${inside}, `]],
    ['an empty line', [inside, '']],
    ['a zone', [`${inside}%eth0`]],
  ])('forged by %s: refused', async (__, forwarded) => {
    expect(await ask(proxy, forwarded)).toBe(403);
  });

  test('what a stranger says counts nothing', async () => {
    expect(await ask(stranger, [inside])).toBe(403);
    expect(await ask(stranger)).toBe(403);
  });

  test('other headers with addresses count nothing', async () => {
    for (const name of ['x-real-ip', 'forwarded', 'true-client-ip', 'cf-connecting-ip']) {
      const headers = { [name]: name === 'forwarded' ? `for=${inside}` : inside };
      expect((await send(proxy, at(), { headers })).status).toBe(403);
    }
  });
});

test('several lines of X-Forwarded-For over HTTP/2', async () => {
  const port = Number(usher.http.split(':')[1]);
  const ask = async (...lines: string[]) => {
    const forwarded = lines.map(line => ['x-forwarded-for', line] as const);
    const headers = [['authorization', `Bearer ${token}`] as const, ...forwarded];
    const session = await openH2(port, proxy);
    const { status } = await answerOf(requestH2(session, '/forward-auth', { headers }));
    session.close();
    return status;
  };
  expect(await ask(outside, inside)).toBe(200);
  expect(await ask(inside, outside)).toBe(403);
  expect(await ask(inside)).toBe(200);
  expect(await ask()).toBe(403);
});

test('a gateway that no setting trusts has no address to tell, and its own is not the user', async () => {
  for (const path of ['forward-auth', 'ext-authz/']) {
    const url = `http://${usher.http}/${path}`;
    for (const forwarded of [[], [inside], [friend]]) {
      const { status, body } = await send(friend, url, { forwarded });
      expect([status, body]).toEqual([403, '{"error":"token may not be used from this address"}']);
    }
    expect((await send(proxy, url)).status).toBe(403);
  }
});

test('GET / and Hello judge their own caller', async () => {
  expect((await send(friend, `http://${usher.http}/`)).status).toBe(200);
  const headers = { authorization: `Bearer ${token}` };
  const hello = async (from: string, forwarded?: string) => {
    const client = createClient(VerifierService, grpcFrom(from, usher.grpc));
    const sent = { ...headers, ...(forwarded && { 'x-forwarded-for': forwarded }) };
    return await client.hello({}, { headers: sent }).then(
      ({ message }) => message,
      error => ConnectError.from(error).rawMessage,
    );
  };
  expect(await hello(friend)).toBe('Oh, Hello');
  expect(await hello(stranger)).toBe('token may not be used from this address');
  expect(await hello(stranger, inside)).toBe('token may not be used from this address');
  expect(await hello(proxy, inside)).toBe('Oh, Hello');
});

describe('Verify', () => {
  const overGrpc = () => createClient(VerifierService, grpcFrom(stranger, usher.grpc));
  const asJson = () => clientOf(VerifierService, usher.http, '');
  const asProto = () =>
    createClient(
      VerifierService,
      createConnectTransport({ baseUrl: `http://${usher.http}`, httpVersion: '1.1' }),
    );

  test.each([
    ['gRPC', overGrpc],
    ['Connect in JSON', asJson],
    ['Connect in Protobuf', asProto],
  ])('over %s: the source of the request alone; kept answers do not mix', async (_, clientFor) => {
    const client = clientFor();
    for (const header of [`Bearer ${token}`, `Bearer ${jwt}`]) {
      for (let n = 0; n < 5; n++) {
        for (const source of [inside, `::ffff:${inside}`, '2001:DB8:7::1']) {
          const good = await client.verify({ header, source });
          expect([good.valid, good.sourceDependent]).toEqual([true, true]);
        }
        for (const source of ['', outside, '2001:db8:8::1', stranger]) {
          const bad = await client.verify({ header, source });
          expect([bad.valid, bad.sourceDependent, bad.httpStatus]).toEqual([false, true, 403]);
          expect(bad.reason).toBe(Reason.WRONG_SOURCE);
        }
      }
    }
  });

  test('a batch and a stream have a source for each', async () => {
    const header = `Bearer ${token}`;
    const requests = [inside, outside, ''].map(source => ({ header, source }));
    const { responses } = await asJson().batchVerify({ requests });
    expect(responses.map(({ valid }) => valid)).toEqual([true, false, false]);
    async function* one() {
      yield { items: requests.map((each, id) => ({ id: BigInt(id), request: each })) };
    }
    for await (const { items } of overGrpc().streamVerify(one())) {
      const valid = items.map(({ outcome }) => outcome.case === 'response' && outcome.value.valid);
      expect(valid).toEqual([true, false, false]);
    }
  });

  test('what comes before the source does not depend on it, what comes after does', async () => {
    const header = `Bearer ${token}`;
    const scoped = { header, requiredScopes: ['no'], source: inside };
    const lacking = await asJson().verify(scoped);
    expect([lacking.reason, lacking.sourceDependent]).toEqual([Reason.INSUFFICIENT_SCOPE, true]);
    const { token: gone, id } = await makeStatic(usher, { allowedSources });
    await adminOf(usher).revoke({ id });
    const revoked = await asJson().verify({ header: `Bearer ${gone}` });
    expect([revoked.reason, revoked.sourceDependent]).toEqual([Reason.REVOKED, false]);
    const { token: free } = await makeStatic(usher);
    const open = await asJson().verify({ header: `Bearer ${free}`, source: outside });
    expect([open.valid, open.sourceDependent]).toEqual([true, false]);
  });

  test('an update counts from the next verdict on', async () => {
    const made = await makeStatic(usher, { allowedSources: [inside] });
    const header = `Bearer ${made.token}`;
    const valid = async (source: string) => (await asJson().verify({ header, source })).valid;
    expect([await valid(inside), await valid(outside)]).toEqual([true, false]);
    const accessToken = { id: made.id, allowedSources: [outside], revision: 1n };
    await adminOf(usher).update({ accessToken, updateMask: { paths: ['allowed_sources'] } });
    expect([await valid(inside), await valid(outside)]).toEqual([false, true]);
  });
});

test("Envoy's Check: the address of its peer, or what a trusted proxy names", async () => {
  const client = createClient(Authorization, grpcFrom(friend, usher.grpc));
  const check = async (address: string | undefined, forwarded?: string) => {
    const value = { address: address ?? '' };
    const source = { address: { address: { case: 'socketAddress' as const, value } } };
    const headers = {
      authorization: `Bearer ${token}`,
      ...(forwarded && { 'x-forwarded-for': forwarded }),
    };
    const answer = await client.check({
      attributes: { ...(address && { source }), request: { http: { headers } } },
    });
    return answer.status?.code;
  };
  expect(await check(inside)).toBe(0);
  expect(await check(outside)).toBe(Code.PermissionDenied);
  expect(await check(outside, inside)).toBe(Code.PermissionDenied);
  expect(await check(proxy, inside)).toBe(0);
  expect(await check(proxy, `${inside}, ${outside}`)).toBe(Code.PermissionDenied);
  expect(await check(undefined)).toBe(Code.PermissionDenied);
  expect(await check(undefined, inside)).toBe(Code.PermissionDenied);
});

describe("an administrator's own token", () => {
  test('is judged by the address of its caller', async () => {
    const ask = async (from: string, forwarded?: string) => {
      const client = createClient(AccessTokenService, grpcFrom(from, usher.manager));
      const headers = {
        authorization: `Bearer ${token}`,
        ...(forwarded && { 'x-forwarded-for': forwarded }),
      };
      return await client.list({}, { headers }).then(
        () => 'let in',
        error => ConnectError.from(error).rawMessage,
      );
    };
    const refused = 'token may not be used from this address';
    expect(await ask(friend)).toBe('let in');
    expect(await ask(stranger)).toBe(refused);
    expect(await ask(stranger, inside)).toBe(refused);
    expect(await ask(proxy, inside)).toBe('let in');
    expect(await ask(proxy, outside)).toBe(refused);
  });

  test('opens a session, which ends where the token may not be used', async () => {
    const url = `http://${usher.manager}/session`;
    const signIn = await send(friend, url, { method: 'POST' });
    expect(signIn.status).toBe(200);
    const [cookie = ''] = signIn.cookies.map(each => each.split(';')[0]);
    const { pageSecret } = JSON.parse(signIn.body) as { pageSecret: string };
    const headers = { authorization: '', cookie, 'x-usher-page-secret': pageSecret };
    const show = async (from: string) => {
      const all = { ...headers, 'sec-fetch-site': 'same-origin' };
      return (await send(from, url, { headers: all })).status;
    };
    expect(await show(friend)).toBe(200);
    expect(await show(stranger)).toBe(401);
    const { status, body } = await send(stranger, url, { method: 'POST' });
    expect([status, body]).toEqual([403, '{"error":"token may not be used from this address"}']);
  });

  test('introspects from an allowed address only', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const ask = (from: string, body: string) =>
      send(from, `http://${usher.http}/oauth2/introspect`, { method: 'POST', headers: form, body });
    expect((await ask(stranger, `token=${token}`)).status).toBe(401);
    // The posted token is judged by the address that the caller names.
    const active = async (more: string) => {
      const { status, body } = await ask(friend, `token=${token}${more}`);
      return status === 200 ? JSON.parse(body).active : status;
    };
    expect(await active('')).toBe(false);
    expect(await active(`&source=${inside}`)).toBe(true);
    expect(await active(`&source=${outside}`)).toBe(false);
    expect(await active('&source=somewhere')).toBe(400);
  });
});

test('Explain names the step', async () => {
  const header = `Bearer ${token}`;
  const steps = async (source: string) => {
    const { steps } = await adminOf(usher).explain({ header, source });
    return steps.map(({ detail, passed }) => `${detail} ${passed}`).at(-1);
  };
  const ranges = allowedSources.join(', ');
  expect(await steps(outside)).toBe(
    `${outside}; the access token may be used from ${ranges} false`,
  );
  expect(await steps('')).toMatch(/^the address is not known; .* false$/);
});

test('the holder of a leaked token may revoke it from anywhere', async () => {
  const leaked = await makeStatic(usher, { allowedSources: [inside] });
  const { status } = await send(stranger, `http://${usher.http}/oauth2/revoke`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `Bearer ${leaked.token}`,
    },
    body: `token=${leaked.token}`,
  });
  expect(status).toBe(200);
});
