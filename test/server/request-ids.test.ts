/** Ids of requests: in and out at every door, and in the lines of the log about calls. */

import { randomUUID } from 'node:crypto';
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport, createGrpcWebTransport } from '@connectrpc/connect-node';
import { createConnectTransport } from '@connectrpc/connect-web';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Authorization } from '../../src/gen/envoy/service/auth/v3/external_auth_pb.ts';
import { AccessTokenService, Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { VerifierService } from '../../src/gen/usher/v1/verifier_pb.ts';
import { until } from '../until.ts';
import { adminOf } from './api.ts';
import { runServer, type TestServer } from './run-server.ts';

const idForm = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[\da-f]{4}-[\da-f]{12}$/;

type Send = (server: TestServer, headers: Record<string, string>) => Promise<Headers>;

/** Calls an rpc and returns the headers of its answer, with the trailers. */
const rpc =
  (
    transportOf: (server: TestServer) => ReturnType<typeof createGrpcTransport>,
    call: 'verify' | 'hello' | 'stream' = 'verify',
  ): Send =>
  async (server, headers) => {
    const client = createClient(VerifierService, transportOf(server));
    const got = new Headers();
    const take = (more: Headers) => {
      for (const [name, value] of more) if (!got.has(name)) got.set(name, value);
    };
    const options = { headers, onHeader: take, onTrailer: take };
    try {
      if (call === 'verify') await client.verify({ header: 'x' }, options);
      else if (call === 'hello') await client.hello({}, options);
      else for await (const _ of client.streamVerify(asked(), options)) break;
    } catch (error) {
      take((error as { metadata: Headers }).metadata);
    }
    return got;
  };
async function* asked() {
  yield { items: [{ id: 1n, request: { header: 'x' } }] };
}
const path =
  (listener: 'http' | 'manager', route: string, init: RequestInit = {}): Send =>
  async (server, headers) =>
    (await fetch(`http://${server[listener]}${route}`, { ...init, headers })).headers;

const grpc = ({ grpc: at }: TestServer) => createGrpcTransport({ baseUrl: `http://${at}` });
const connect = ({ http }: TestServer) => createConnectTransport({ baseUrl: `http://${http}` });
const web = ({ http }: TestServer) =>
  createGrpcWebTransport({ baseUrl: `http://${http}`, httpVersion: '1.1' });
const manager = ({ manager: at }: TestServer) =>
  createConnectTransport({ baseUrl: `http://${at}` });

const doors: [string, Send][] = [
  ['gRPC', rpc(grpc)],
  ['gRPC, a call that fails', rpc(grpc, 'hello')],
  ['gRPC, a stream', rpc(grpc, 'stream')],
  ['Connect', rpc(connect)],
  ['Connect, a call that fails', rpc(connect, 'hello')],
  ['gRPC-Web', rpc(web)],
  ['the API Manager', rpc(manager)],
  ['GET /', path('http', '/')],
  ['forward-auth', path('http', '/forward-auth')],
  ['ext_authz over HTTP', path('http', '/ext-authz/a')],
  ['introspection', path('http', '/oauth2/introspect', { method: 'POST' })],
  ['a path that is not known', path('http', '/nothing')],
  ['a probe', path('http', '/readyz')],
  ['the web app', path('manager', '/login')],
  [
    'ext_authz over gRPC',
    async (server, headers) => {
      let got = new Headers();
      const onHeader = (more: Headers) => {
        got = more;
      };
      await createClient(Authorization, grpc(server)).check({}, { headers, onHeader });
      return got;
    },
  ],
];

describe.each(['h2', 'grpc-js'])('%s', engine => {
  let server: TestServer;
  beforeAll(async () => {
    server = await runServer({ USHER_GRPC_ENGINE: engine });
  });
  afterAll(() => server?.stop());

  test.each(doors)('%s answers with the id that was sent', async (_, send) => {
    const id = `req-1.2:3/4+5=6@7~${randomUUID().slice(0, 8)}`;
    expect((await send(server, { 'x-request-id': id })).get('x-request-id')).toBe(id);
  });

  test.each(doors)('%s replaces a strange id', async (_, send) => {
    for (const strange of ['a b', 'x'.repeat(65), '<script>', 'a,b', '"']) {
      const id = (await send(server, { 'x-request-id': strange })).get('x-request-id');
      expect(id, strange).toMatch(idForm);
    }
  });

  test.each(doors)('%s makes none where nothing asks for it', async (_, send) => {
    expect((await send(server, {})).has('x-request-id')).toBe(false);
  });
});

test('an access token is no id', async () => {
  const server = await runServer();
  try {
    const { token } = await adminOf(server).create({ kind: Kind.STATIC, name: 'a' });
    const { headers } = await fetch(`http://${server.http}/`, {
      headers: { 'x-request-id': token },
    });
    expect(headers.get('x-request-id')).toMatch(idForm);
  } finally {
    await server.stop();
  }
});

describe.each(['h2', 'grpc-js'])('the access log, %s', engine => {
  let server: TestServer;
  let token: string;
  beforeAll(async () => {
    server = await runServer({
      USHER_GRPC_ENGINE: engine,
      USHER_ACCESS_LOG: 'on',
      USHER_LOG_LEVEL: 'error',
    });
    token = (await adminOf(server).create({ kind: Kind.STATIC, name: 'a' })).token;
  });
  afterAll(() => server?.stop());

  const lines = () => server.logged.map(line => JSON.parse(line));
  const lineOf = async (id: string | null) => {
    const find = () => lines().find(({ requestId }) => requestId === id);
    await until(() => find() !== undefined);
    return find();
  };

  test.each(doors.filter(([name]) => name !== 'a probe'))(
    '%s has a line, and an id even if none was sent',
    async (_, send) => {
      const id = (await send(server, {})).get('x-request-id');
      expect(id).toMatch(idForm);
      const line = await lineOf(id);
      expect(line).toMatchObject({ level: 'info', message: 'call', source: '127.0.0.1' });
      expect(line.durationMs).toBeGreaterThanOrEqual(0);
      expect(line.door).toBeTruthy();
      expect(line.status).toBeTruthy();
    },
  );

  test('the line says what was called and how it ended', async () => {
    const of = async (send: Send) => await lineOf((await send(server, {})).get('x-request-id'));
    expect(await of(rpc(grpc))).toMatchObject({
      ...{ door: 'grpc', path: '/usher.v1.VerifierService/Verify', status: 'OK' },
    });
    expect(await of(rpc(grpc, 'hello'))).toMatchObject({ status: 'UNAUTHENTICATED' });
    expect(await of(path('http', '/forward-auth'))).toMatchObject({
      ...{ door: 'forward-auth', method: 'GET', path: '/forward-auth', status: 401 },
    });
    expect(await of(path('http', '/nothing'))).toMatchObject({ path: '', status: 404 });
  });

  test('neither queries, nor what clients append to a path, nor probes, nor tokens are in it', async () => {
    const headers = { authorization: `Bearer ${token}` };
    await fetch(`http://${server.http}/ext-authz/${token}?q=${token}`, { headers });
    await fetch(`http://${server.http}/?q=${token}`, { headers });
    await fetch(`http://${server.http}/${token}`, { headers });
    await fetch(`http://${server.http}/readyz`);
    const before = (await fetch(`http://${server.http}/`)).headers.get('x-request-id');
    await lineOf(before);
    expect(server.logged.join('\n')).not.toContain(token);
    expect(lines().filter(({ path: at }) => at === '/readyz')).toEqual([]);
  });
});

describe('refusals', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await runServer({
      USHER_LOG_REFUSALS_PER_SECOND_MAX: '3',
      USHER_LOG_LEVEL: 'error',
      USHER_TRUSTED_PROXIES: '127.0.0.1',
    });
  });
  afterAll(() => server?.stop());
  const lines = () =>
    server.logged.map(line => JSON.parse(line)).filter(each => each.message.includes('refused'));

  test('a line says why, where, from where and which token, with the id that the caller gets', async () => {
    const admin = adminOf(server);
    const { token, accessToken } = await admin.create({ kind: Kind.STATIC, name: 'a' });
    await admin.revoke({ id: accessToken?.id ?? '', reason: 'test' });
    const { headers } = await fetch(`http://${server.http}/forward-auth`, {
      headers: { authorization: token, 'x-forwarded-for': '192.0.2.7' },
    });
    expect(lines()).toEqual([
      {
        ...{ level: 'info', message: 'a token was refused', time: expect.any(String) },
        ...{ pid: process.pid, reason: 'REVOKED', kind: 'static', door: 'forward-auth' },
        ...{ source: '192.0.2.7', tokenId: accessToken?.id },
        requestId: headers.get('x-request-id'),
      },
    ]);
    expect(headers.get('x-request-id')).toMatch(idForm);
    expect(server.logged.join('\n')).not.toContain(token);
  });

  test('over gRPC too; a good token has no line and no id', async () => {
    const before = lines().length;
    const id = (await rpc(grpc)(server, {})).get('x-request-id');
    expect(lines().slice(before)).toMatchObject([{ reason: 'INVALID_TOKEN', requestId: id }]);
    const { token } = await adminOf(server).create({ kind: Kind.STATIC, name: 'b' });
    const good = await fetch(`http://${server.http}/`, { headers: { authorization: token } });
    expect(good.headers.has('x-request-id')).toBe(false);
    expect(lines()).toHaveLength(before + 1);
  });

  test('Envoy: the id is that of the request that it asks about', async () => {
    const headers = { 'x-request-id': 'of-the-client' };
    const before = lines().length;
    await until(async () => {
      await createClient(Authorization, grpc(server)).check({
        attributes: { request: { http: { headers } } },
      });
      return lines().length > before;
    });
    expect(lines().at(-1)).toMatchObject({ door: 'envoy-grpc', requestId: 'of-the-client' });
  });
});

test('an id is in the answer of a manager that refuses, too', async () => {
  const server = await runServer();
  try {
    const client = createClient(AccessTokenService, manager(server));
    const sent = { headers: { 'x-request-id': 'mine' } };
    const failed = await client.list({}, sent).then(
      () => undefined,
      (error: { metadata: Headers }) => error.metadata,
    );
    expect(failed?.get('x-request-id')).toBe('mine');
  } finally {
    await server.stop();
  }
});
