/** gRPC callers that do not read their answers: the deadline and the limits in bytes end them. */

import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import { afterEach, expect, test } from 'vitest';
import { createCallDeadlines } from '../../../src/transport/grpc/call-deadlines.ts';
import { Calls } from '../../../src/transport/grpc/calls.ts';
import { h2LimitsOf } from '../../../src/transport/grpc/h2-limits.ts';
import { createH2GrpcListener } from '../../../src/transport/grpc/listener.ts';
import { routesOf } from '../../../src/transport/grpc/routes.ts';
import { H2Connection } from '../../../src/transport/h2/connection.ts';
import { streamBytes } from '../../../src/transport/h2/stream.ts';
import type { GrpcLimits } from '../../../src/transport/rpc/grpc-limits.ts';
import { alwaysReady } from '../../../src/transport/rpc/probes.ts';
import { defaultLimits } from '../../limits.ts';
import { verifierBinding } from '../fakes.ts';
import { recordingGuard } from '../guard.ts';
import { FakeSocket } from '../h2/fake-socket.ts';
import { frame, preface, request, settings } from '../h2/raw-frames.ts';

const cleaning: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleaning.splice(0).reverse()) await clean();
});

async function start(limits: Partial<GrpcLimits>) {
  const all = { ...defaultLimits.grpc, ...limits };
  const guard = recordingGuard(all);
  const listener = createH2GrpcListener({
    bindings: [verifierBinding()],
    limits: all,
    onBug: error => guard.reports.push(String(error)),
    guard,
  });
  cleaning.push(() => listener.stop(1000));
  const { port } = await listener.listen({ host: '127.0.0.1', port: 0 });
  return { guard, port, listener };
}

/** A caller that allows `windowBytes` bytes of an answer on each stream. */
async function caller(port: number, windowBytes: number): Promise<ClientHttp2Session> {
  const session = connect(`http://127.0.0.1:${port}`, {
    settings: { initialWindowSize: windowBytes },
  });
  session.on('error', () => {});
  cleaning.push(() => session.destroy());
  await once(session, 'remoteSettings');
  return session;
}

const empty = Buffer.alloc(5);

/** Calls a method; resolves once the answer has begun, which takes no window. */
async function begin(
  session: ClientHttp2Session,
  method: string,
  headers: Record<string, string> = {},
): Promise<ClientHttp2Stream> {
  const stream = session.request({
    ':method': 'POST',
    ':path': `/usher.v1.VerifierService/${method}`,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  });
  stream.on('error', () => {});
  stream.end(empty);
  await once(stream, 'response');
  return stream;
}

const closedWith = async (stream: ClientHttp2Stream) => {
  if (!stream.closed) await once(stream, 'close');
  return stream.rstCode;
};

test.each([
  ['alone', 'Verify', {}],
  ['that names a compression', 'Verify', { 'grpc-encoding': 'gzip' }],
  ['of a stream', 'WatchInvalidations', { 'grpc-timeout': '100m' }],
])('the deadline of a call %s holds until its answer is read', async (_, method, headers) => {
  const { port } = await start({ deadlineMs: 100, lastWordMs: 50 });
  const session = await caller(port, 0);
  expect(await closedWith(await begin(session, method, headers))).toBe(constants.NGHTTP2_CANCEL);
  expect(session.closed).toBe(false);
});

test('a call that outlasts its deadline unread is reported', async () => {
  const { guard, port } = await start({ deadlineMs: 100 });
  await begin(await caller(port, 0), 'Verify');
  expect(await guard.next()).toBe('unread deadline');
});

test('a stream with too many unread bytes ends with its connection', async () => {
  const method = 'WatchInvalidations';
  const unread = { connectionBytesMax: 5 * streamBytes, processBytesMax: 1_000_000 };
  const { guard, port } = await start({ unread });
  const [silent, other] = [await caller(port, 0), await caller(port, 65_535)];
  const goodbye = once(silent, 'goaway');
  const streams = await Promise.all(Array.from({ length: 10 }, () => begin(silent, method)));
  const [code] = await goodbye;
  expect(code).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  await Promise.all(streams.map(closedWith));
  expect(await guard.next()).toBe('unread connection');
  const stream = await begin(other, 'Verify');
  stream.resume();
  expect(await closedWith(stream)).toBe(constants.NGHTTP2_NO_ERROR);
});

test('calls wait while answers of their connection are not read, those of others do not', async () => {
  const unread = { connectionBytesMax: 5 * streamBytes, processBytesMax: 1_000_000 };
  const { guard, port } = await start({ unread });
  const [silent, other] = [await caller(port, 0), await caller(port, 65_535)];
  const first = await Promise.all(Array.from({ length: 3 }, () => begin(silent, 'Verify')));
  let answered = 0;
  for (let count = 0; count < 50; count++)
    begin(silent, 'Verify').then(
      () => answered++,
      () => {},
    );
  const stream = await begin(other, 'Verify');
  stream.resume();
  expect(await closedWith(stream)).toBe(constants.NGHTTP2_NO_ERROR);
  expect(answered).toBe(0);
  expect(guard.unread.bytes).toBeLessThan(5 * streamBytes);
  // Its calls go on as it reads.
  for (const each of first) each.close();
  await begin(silent, 'Verify');
});

test('when all connections together hold too much, the one with the most ends', async () => {
  const unread = { connectionBytesMax: 1_000_000, processBytesMax: 7.5 * streamBytes };
  const { guard, port, listener } = await start({ unread });
  const [few, many] = [await caller(port, 0), await caller(port, 0)];
  const kept = await begin(few, 'Verify');
  const goodbye = once(many, 'goaway');
  await Promise.all(Array.from({ length: 20 }, () => begin(many, 'Verify').catch(() => {})));
  const [code] = await goodbye;
  expect(code).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  expect(await guard.next()).toBe('unread process');
  expect([few.closed, kept.closed]).toEqual([false, false]);
  await listener.stop(1000);
  expect(listener.connections()).toBe(0);
});

test('a connection that ends while a call waits holds nothing afterwards', async () => {
  const unread = { connectionBytesMax: 4000, processBytesMax: 8000 };
  const limits = { ...defaultLimits.grpc, unread };
  const guard = recordingGuard(limits);
  const onBug = (error: unknown) => guard.reports.push(String(error));
  const deps = {
    routes: routesOf([verifierBinding()], 'grpc'),
    limits,
    deadlines: createCallDeadlines(limits, alwaysReady, onBug, () => undefined),
    streams: new Set<never>(),
    open: new Set<Calls>(),
    guard,
    probes: alwaysReady,
    onBug,
  };
  const socket = new FakeSocket();
  new H2Connection(socket.socket, {
    limits: h2LimitsOf(limits),
    // What was written just before the end is given up a turn later.
    createHandler: peer =>
      new Calls(deps, {
        heldBytes: 3000,
        waitedMs: 0,
        hurry: () => undefined,
        localAddress: peer.localAddress,
        fail: code => peer.fail(code),
      }),
    onFault: () => {},
    onBug,
    notHttp2: Buffer.alloc(0),
  });
  const head = request(1, '/usher.v1.VerifierService/Verify', 4, [
    'content-type',
    'application/grpc',
  ]);
  socket.arrive(Buffer.concat([preface, settings(), head, frame('data', 1, 1, empty)]));
  expect([guard.unread.bytes, [...deps.open].map(each => each.waitingBytes > 0)]).toEqual([
    3000,
    [true],
  ]);
  socket.close();
  for (let turns = 0; turns < 3; turns++) await new Promise(setImmediate);
  expect([guard.unread.bytes, guard.reports]).toEqual([0, []]);
});
