/** The manager port over HTTP/2: its API for gRPC clients, by the rules of its Connect calls. */

import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:http2';
import { promisify } from 'node:util';
import { ConnectError, createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Health } from '../../src/gen/grpc/health/v1/health_pb.ts';
import { AccessTokenService, Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { DenialSchema } from '../../src/gen/usher/v1/verifier_pb.ts';
import { ownEngine } from '../engine.ts';
import { askH2, openH2, requestH2 } from '../transport/http/http2.ts';
import { adminOf, overGrpc } from './api.ts';
import { runServer, type TestServer } from './run-server.ts';

const run = promisify(execFile);
let server: TestServer;
beforeAll(async () => {
  server = await runServer({ ...ownEngine, USHER_MANAGER_HOSTS: 'usher.example.com' });
});
afterAll(() => server.stop());

const portOf = (address: string) => Number(address.split(':')[1]);

test('gRPC and Connect change the same access tokens, and the audit log names the peer', async () => {
  const grpc = overGrpc(AccessTokenService, server.manager, server.adminToken);
  const { accessToken } = await grpc.create({ kind: Kind.STATIC, name: 'by gRPC' });
  const id = accessToken?.id ?? '';
  expect((await adminOf(server).get({ id })).accessToken?.name).toBe('by gRPC');
  await grpc.revoke({ id, reason: 'lost' });
  const { events } = await grpc.listAuditEvents({ tokenId: id, oldestFirst: true });
  expect(events.map(({ action, peer, actor }) => `${action} ${actor} ${peer}`)).toEqual([
    'token.create admin 127.0.0.1',
    'token.revoke admin 127.0.0.1',
  ]);
});

test('a refusal has its details', async () => {
  const stranger = overGrpc(AccessTokenService, server.manager, 'guess');
  const refusal = ConnectError.from(await stranger.list({}).catch(error => error));
  expect(refusal.findDetails(DenialSchema)[0]?.httpStatus).toBe(401);
});

test('health and reflection name its services', async () => {
  const health = createClient(Health, createGrpcTransport({ baseUrl: `http://${server.manager}` }));
  expect((await health.check({ service: 'usher.v1.AccessTokenService' })).status).toBe(1);
  const url = `http://${server.manager}`;
  for (const protocol of ['grpc', 'connect']) {
    const list = ['--protocol', protocol, '--http2-prior-knowledge', '--list-methods', url];
    const { stdout } = await run('buf', ['curl', ...list]);
    expect(stdout).toContain('usher.v1.AccessTokenService/Create');
  }
});

/** The status of a gRPC call for a host, from the head of its answer. */
async function callFor(authority: string, method = 'List') {
  const session = connect(`http://${server.manager}`);
  const stream = session.request({
    ':method': 'POST',
    ':path': `/usher.v1.AccessTokenService/${method}`,
    ':authority': authority,
    'content-type': 'application/grpc',
    authorization: server.adminToken,
  });
  stream.end(Buffer.alloc(5));
  const [headers] = await once(stream, 'response');
  session.destroy();
  return headers;
}

test('gRPC calls for a host that is not its own are refused', async () => {
  const headers = await callFor('evil.example:8081');
  expect(headers['grpc-status']).toBe('9');
  expect(decodeURI(headers['grpc-message'])).toContain('add it to USHER_MANAGER_HOSTS');
  // A page cannot name such a host, but what cannot be read in one way only is refused.
  expect((await callFor('localhost/?evil.example'))['grpc-status']).toBe('9');
  expect((await callFor('usher.example.com'))['grpc-status']).toBeUndefined();
  const { status } = await askH2(portOf(server.manager), '/openapi.yaml');
  expect(status).toBe(200);
});

test('the web app asks for HTTP/1.1; metrics and probes have both', async () => {
  const port = portOf(server.manager);
  const session = await openH2(port);
  for (const path of ['/', '/session', '/assets/x.js']) {
    const [error] = (await once(requestH2(session, path), 'error')) as [Error];
    expect(error.message).toContain('NGHTTP2_HTTP_1_1_REQUIRED');
  }
  session.destroy();
  for (const path of ['/metrics', '/readyz']) {
    expect((await askH2(port, path)).status).toBe(200);
  }
});

test('a gRPC method that it does not have is not found, which means unimplemented', async () => {
  const { host } = new URL(`http://${server.manager}`);
  expect((await callFor(host, 'Nope'))[':status']).toBe(404);
});

test('a session counts in gRPC calls of its page, with its cookie in a field of its own', async () => {
  const base = `http://${server.manager}`;
  const signIn = await fetch(`${base}/session`, {
    method: 'POST',
    headers: { authorization: server.adminToken },
  });
  const { pageSecret } = (await signIn.json()) as { pageSecret: string };
  const [cookie = ''] = (signIn.headers.get('set-cookie') ?? '').split(';');
  const callFrom = async (origin: string, cookies: string[]) => {
    const session = await openH2(portOf(server.manager));
    const stream = session.request([
      ...[':method', 'POST', ':path', '/usher.v1.AccessTokenService/List', ':scheme', 'http'],
      ...[':authority', server.manager, 'content-type', 'application/grpc'],
      ...['origin', origin, 'x-usher-page-secret', pageSecret],
      ...cookies.flatMap(value => ['cookie', value]),
    ] as never);
    stream.end(Buffer.alloc(5));
    const [headers] = await once(stream, 'response');
    session.destroy();
    return headers['grpc-status'];
  };
  expect(await callFrom(base, ['theme=dark', cookie])).toBeUndefined();
  expect(await callFrom('http://evil.example', ['theme=dark', cookie])).toBe('16');
  expect(await callFrom(base, [cookie, 'usher-session=other'])).toBe('16');
});
