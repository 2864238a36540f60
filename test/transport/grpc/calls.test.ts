/** Unary calls on this project's HTTP/2 server: encodings, deadlines, cancelling, unread answers. */

import { once } from 'node:events';
import { connect } from 'node:http2';
import { deflateSync, gzipSync } from 'node:zlib';
import { create, toBinary } from '@bufbuild/protobuf';
import { expect, onTestFinished, test } from 'vitest';
import {
  type VerifyRequest,
  VerifyRequestSchema,
  VerifyResponseSchema,
} from '../../../src/gen/usher/v1/verifier_pb.ts';
import { createH2GrpcListener } from '../../../src/transport/grpc/listener.ts';
import type { Call } from '../../../src/transport/rpc/call.ts';
import type { GrpcLimits } from '../../../src/transport/rpc/grpc-limits.ts';
import { defaultLimits } from '../../limits.ts';
import { verifierBinding } from '../fakes.ts';
import { recordingGuard } from '../guard.ts';

type Handle = (request: VerifyRequest, call: Call) => Promise<typeof answer>;
const answer = create(VerifyResponseSchema, { valid: true });

/** A server whose Verify is `handle`, and a session with it. */
async function start(
  some: Partial<GrpcLimits> = {},
  handle?: Handle,
  settings: { initialWindowSize?: number } = {},
) {
  const limits = { ...defaultLimits.grpc, ...some };
  const guard = recordingGuard(limits);
  const { service, handlers } = verifierBinding();
  const binding = { service, handlers: { ...handlers, ...(handle && { verify: handle }) } };
  const bugs: unknown[] = [];
  const listener = createH2GrpcListener({
    bindings: [binding],
    limits,
    guard,
    onBug: bug => bugs.push(bug),
  });
  const { port } = await listener.listen({ host: '127.0.0.1', port: 0 });
  const session = connect(`http://127.0.0.1:${port}`, { settings });
  session.on('error', () => {});
  await once(session, 'remoteSettings');
  onTestFinished(async () => {
    session.destroy();
    await listener.stop(5000);
    expect([listener.connections(), bugs]).toEqual([0, []]);
  });
  return { listener, session, guard };
}

const verifyPath = '/usher.v1.VerifierService/Verify';

function request(session: ReturnType<typeof connect>, headers: Record<string, string> = {}) {
  const stream = session.request({
    ':method': 'POST',
    ':path': verifyPath,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  });
  const seen: Record<string, unknown> = {};
  stream.on('response', head => Object.assign(seen, head));
  stream.on('trailers', trailers => Object.assign(seen, trailers));
  stream.on('error', () => {});
  const over = async () => {
    stream.resume();
    if (!stream.closed) await once(stream, 'close').catch(() => {});
    return { ...seen, reset: stream.rstCode } as Record<string, unknown>;
  };
  return { stream, over };
}

const message = Buffer.from(
  toBinary(VerifyRequestSchema, create(VerifyRequestSchema, { header: 'good' })),
);

function framed(bytes: Buffer, flag = 0): Buffer {
  const head = Buffer.alloc(5);
  head[0] = flag;
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

test.each([
  ['gzip', framed(gzipSync(message), 1)],
  ['deflate', framed(deflateSync(message), 1)],
  ['gzip', framed(message)],
  ['identity', framed(message)],
])('a request may be compressed: %s', async (encoding, body) => {
  const { session } = await start();
  const { stream, over } = request(session, { 'grpc-encoding': encoding });
  stream.end(body);
  expect(await over()).toMatchObject({ 'grpc-status': '0', reset: 0 });
});

test.each<[string, Record<string, string>, Record<string, unknown>]>([
  [
    'an unknown encoding',
    { 'grpc-encoding': 'snappy' },
    { 'grpc-status': '12', 'grpc-accept-encoding': 'identity,deflate,gzip' },
  ],
  ['another method of HTTP', { ':method': 'GET' }, { ':status': 405, allow: 'POST' }],
  ['gRPC-Web', { 'content-type': 'application/grpc-web+proto' }, { ':status': 415 }],
  ['messages in JSON', { 'content-type': 'application/grpc+json' }, { ':status': 415 }],
  ['an unknown method', { ':path': '/a.B/ü' }, { reset: 0 }],
])('%s is refused', async (_, headers, expected) => {
  const { session } = await start();
  const { stream, over } = request(session, headers);
  if (headers[':method'] === undefined) stream.end(framed(message));
  expect(await over()).toMatchObject(expected);
});

test('a message in many pieces, ended by trailers', async () => {
  const { session } = await start();
  const stream = session.request(
    { ':method': 'POST', ':path': verifyPath, 'content-type': 'application/grpc' },
    { waitForTrailers: true } as object,
  );
  stream.on('wantTrailers', () => stream.sendTrailers({ 'x-end': 'yes' }));
  let status: unknown;
  stream.on('trailers', trailers => {
    status = trailers['grpc-status'];
  });
  for (const byte of framed(message)) stream.write(Buffer.of(byte));
  stream.end();
  stream.resume();
  await once(stream, 'close');
  expect(status).toBe('0');
});

test('a call that is cancelled aborts the signal of its handler', async () => {
  const called = Promise.withResolvers<Call>();
  const { session } = await start({}, (_, call) => {
    called.resolve(call);
    return new Promise(resolve => call.signal.addEventListener('abort', () => resolve(answer)));
  });
  const { stream } = request(session);
  stream.end(framed(message));
  const { signal, peer } = await called.promise;
  expect([signal.aborted, peer]).toEqual([false, '127.0.0.1']);
  stream.close(8);
  await once(signal, 'abort');
});

test('a handler that is slower than the deadline', async () => {
  const gate = Promise.withResolvers<typeof answer>();
  const signals: AbortSignal[] = [];
  const { session } = await start({}, (_, call) => {
    signals.push(call.signal);
    return gate.promise;
  });
  const { stream, over } = request(session, { 'grpc-timeout': '60m' });
  stream.end(framed(message));
  expect(await over()).toMatchObject({
    'grpc-status': '4',
    'grpc-message': 'the%20deadline%20has%20passed',
  });
  expect(signals[0]?.aborted).toBe(true);
  gate.resolve(answer);
});

test('handlers that outlive their streams count as streams (CVE-2025-8671)', async () => {
  const gate = Promise.withResolvers<typeof answer>();
  let called = 0;
  const { session } = await start({ streamsPerConnectionMax: 3 }, () => {
    called++;
    return gate.promise;
  });
  for (let n = 0; n < 3; n++) {
    const { stream, over } = request(session);
    stream.end(framed(message));
    while (called <= n) await new Promise(setImmediate);
    stream.close(8);
    await over();
  }
  const refused = request(session);
  refused.stream.end(framed(message));
  expect(await refused.over()).toMatchObject({ reset: 7 });
  gate.resolve(answer);
  await gate.promise;
  const { stream, over } = request(session);
  stream.end(framed(message));
  expect(await over()).toMatchObject({ 'grpc-status': '0' });
  expect(called).toBe(4);
});

test('the deadline of a call holds until its answer is read, and is reported', async () => {
  const { session, guard } = await start({ deadlineMs: 60 }, undefined, { initialWindowSize: 0 });
  const { stream, over } = request(session);
  stream.end(framed(message));
  expect(await over()).toMatchObject({ ':status': 200, reset: 8 });
  expect(await guard.next()).toBe('unread deadline');
});

test('a connection with too many unread bytes ends', async () => {
  const unread = { connectionBytesMax: 300, processBytesMax: 1_000_000 };
  const { session, guard } = await start({ unread }, undefined, { initialWindowSize: 0 });
  const goodbye = once(session, 'goaway');
  for (let n = 0; n < 10; n++) request(session).stream.end(framed(message));
  expect((await goodbye)[0]).toBe(11);
  expect(await guard.next()).toBe('unread connection');
});

test('a stop lets calls in flight finish', async () => {
  const gate = Promise.withResolvers<typeof answer>();
  const called = Promise.withResolvers<void>();
  const { session, listener } = await start({}, () => {
    called.resolve();
    return gate.promise;
  });
  const { stream, over } = request(session);
  stream.end(framed(message));
  await called.promise;
  const stopped = listener.stop(5000);
  await once(session, 'goaway');
  gate.resolve(answer);
  expect(await over()).toMatchObject({ 'grpc-status': '0' });
  await stopped;
});

test('a message counts as it is unpacked, until it is answered', async () => {
  const bytesMax = 100_000;
  let calls = 0;
  const { session, guard } = await start({ requestBytesMax: bytesMax }, async () => {
    calls++;
    await new Promise<void>(resolve => {
      answerAll.push(resolve);
    });
    return answer;
  });
  const answerAll: (() => void)[] = [];
  const long = create(VerifyRequestSchema, { header: 'x'.repeat(60_000) });
  const packed = framed(gzipSync(toBinary(VerifyRequestSchema, long)), 1);
  const [first, second] = [1, 2].map(() => request(session, { 'grpc-encoding': 'gzip' }));
  first?.stream.end(packed);
  second?.stream.end(packed);
  expect(await guard.next()).toBe('refused request');
  expect(calls).toBeLessThan(2);
  for (const end of answerAll) end();
  const statuses = [await first?.over(), await second?.over()].map(each => each?.['grpc-status']);
  expect(statuses.sort()).toEqual(['0', '14']);
  expect(guard.requests.bytes).toBe(0);
});
