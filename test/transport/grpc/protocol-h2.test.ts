/**
 * What "gRPC over HTTP/2", "gRPC Compression" and the mapping of statuses require of a server, and grpc-js
 * does not do: rule by rule.
 */

import { once } from 'node:events';
import { connect, constants } from 'node:http2';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createH2GrpcListener } from '../../../src/transport/grpc/listener.ts';
import { defaultLimits } from '../../limits.ts';
import { verifierBinding } from '../fakes.ts';
import { callAt, frame, type Sent, service, verifying } from './protocol-call.ts';
import type { RawHeaders } from './raw-request.ts';

const bugs: unknown[] = [];
let notReady: string[] = [];
const listener = createH2GrpcListener({
  bindings: [verifierBinding()],
  limits: { ...defaultLimits.grpc, receiveBytesMax: 1000, lastWordMs: 50 },
  onBug: error => bugs.push(error),
  probes: { unreadiness: () => notReady, degraded: () => [] },
});
let address: string;

beforeAll(async () => {
  const { port } = await listener.listen({ host: '127.0.0.1', port: 0 });
  address = `127.0.0.1:${port}`;
});
afterAll(async () => {
  await listener.stop(5_000);
  expect(bugs).toEqual([]);
});

const call = (sent?: Sent) => callAt(address, sent);

describe('Requests: only POST is gRPC', () => {
  test.each(['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'QUERY'])('%s', async method => {
    const withBody = await call({ method });
    const without = await call({ method, body: undefined });
    for (const { headers, body } of [withBody, without]) {
      expect(headers).toMatchObject({ ':status': 405, allow: 'POST' });
      expect(headers['grpc-status']).toBeUndefined();
      if (method !== 'HEAD') expect(JSON.parse(String(body)).error).toMatch(/not allowed/);
    }
  });

  test('a caller that keeps its side open is cut off after the answer', async () => {
    const session = connect(`http://${address}`);
    const stream = session.request({ ':method': 'PUT', ':path': '/' }, { endStream: false });
    const [head] = await once(stream, 'response');
    expect(head[':status']).toBe(405);
    stream.resume();
    await once(stream, 'close');
    expect(stream.rstCode).toBe(constants.NGHTTP2_NO_ERROR);
    session.destroy();
  });
});

describe('Requests: a content type that is not gRPC is a 415', () => {
  test.each([
    'application/json',
    'application/grpcfoo',
    'application/grpc-web',
    'application/grpc-web+proto',
    'application/grpc+json',
    'application/grpc+protobuf',
    'application/grpc proto',
    'xapplication/grpc',
    '',
    undefined,
  ])('%s', async type => {
    const { headers, body } = await call({ type });
    expect(headers).toMatchObject({ ':status': 415, 'content-type': 'application/json' });
    expect(JSON.parse(String(body))).toEqual({ error: 'content type is not application/grpc' });
  });

  test.each([
    'application/grpc',
    'application/grpc+proto',
    'APPLICATION/gRPC',
    'application/grpc; a=b',
    'application/grpc+proto;charset=utf-8',
    ' application/grpc ',
  ])('%s is gRPC', async type => {
    for (const others of [[], [['grpc-encoding', 'gzip']]] as RawHeaders[]) {
      const { headers } = await call({ type, others });
      expect(headers).toMatchObject({ ':status': 200, 'grpc-status': '0' });
    }
  });
});

describe('Responses', () => {
  test('an error has HTTP status 200 and a message in percent-encoding', async () => {
    const { headers } = await call({ others: [['authorization', 'twice']] });
    expect(headers).toMatchObject({
      ':status': 200,
      'grpc-status': '16',
      'grpc-message': 'authorization%20header%20is%20malformed',
    });
  });

  test('a deadline that cannot be read is refused', async () => {
    const { headers } = await call({ others: [['grpc-timeout', '1 S']] });
    expect(headers).toMatchObject({ ':status': 200, 'grpc-status': '13' });
  });
});

describe('Compression', () => {
  const verify = { path: `${service}Verify` };

  test('an unknown one is UNIMPLEMENTED, and the answer names those that are known', async () => {
    const body = frame(verifying, 1);
    const { headers } = await call({ ...verify, others: [['grpc-encoding', 'snappy']], body });
    expect(headers['grpc-status']).toBe('12');
    expect(headers['grpc-accept-encoding']).toContain('gzip');
  });

  test('a compressed message without one is INTERNAL', async () => {
    const { headers } = await call({ ...verify, body: frame(gzipSync(verifying), 1) });
    expect(headers['grpc-status']).toBe('13');
  });
});

describe('plain HTTP/2 on the gRPC listener: probes', () => {
  const probe = (method: string, path: string) =>
    call({ method, path, type: undefined, body: undefined });

  test('answer as on the HTTP listener', async () => {
    const { headers, body } = await probe('GET', '/readyz?verbose');
    expect(headers).toMatchObject({ ':status': 200, 'content-type': 'application/json' });
    expect(JSON.parse(String(body))).toEqual({ status: 'ready', degraded: [] });
    const head = await probe('HEAD', '/readyz');
    expect([head.headers[':status'], head.body.length]).toEqual([200, 0]);
    expect(head.headers['content-length']).toBe(headers['content-length']);
    expect((await probe('OPTIONS', '/')).headers[':status']).toBe(204);
    expect((await probe('OPTIONS', '*')).headers[':status']).toBe(204);
  });

  test('say when the server is not ready', async () => {
    notReady = ['the store does not answer'];
    const { headers, body } = await probe('GET', '/readyz');
    expect(headers[':status']).toBe(503);
    expect(JSON.parse(String(body))).toEqual({ error: 'not ready', reasons: notReady });
    expect((await probe('OPTIONS', '/')).headers[':status']).toBe(503);
    expect((await probe('GET', '/healthz')).headers[':status']).toBe(200);
    notReady = [];
  });

  test('have no other method', async () => {
    const { headers } = await probe('PUT', '/readyz');
    expect(headers).toMatchObject({ ':status': 405, allow: 'GET, HEAD' });
  });
});
