/** Calls that wait in a read until their connection has its turn: their deadlines, and what they hold. */

import { create, toBinary } from '@bufbuild/protobuf';
import { expect, onTestFinished, test, vi } from 'vitest';
import {
  BatchVerifyRequestSchema,
  StreamVerifyRequestSchema,
} from '../../../src/gen/usher/v1/verifier_pb.ts';
import { Calls, type CallsDeps } from '../../../src/transport/grpc/calls.ts';
import { h2LimitsOf } from '../../../src/transport/grpc/h2-limits.ts';
import { routesOf } from '../../../src/transport/grpc/routes.ts';
import { H2Connection } from '../../../src/transport/h2/connection.ts';
import { type Deadlines, Watched } from '../../../src/transport/rpc/deadlines.ts';
import { alwaysReady } from '../../../src/transport/rpc/probes.ts';
import { defaultLimits } from '../../limits.ts';
import { granted, verifierBinding } from '../fakes.ts';
import { recordingGuard } from '../guard.ts';
import { FakeSocket } from '../h2/fake-socket.ts';
import { frame, preface, request, settings, uint32 } from '../h2/raw-frames.ts';

type Verify = NonNullable<Parameters<typeof verifierBinding>[0]>['verify'] & {};
const turn = () => new Promise(setImmediate);
const fields: [string, string][] = [
  ['content-type', 'application/grpc'],
  ['grpc-timeout', '1S'],
];
const head = (id: number, method: string) =>
  request(id, `/usher.v1.VerifierService/${method}`, 4, ...fields);
const empty = Buffer.alloc(5);
const calls = (from: number, count: number, method = 'Verify') =>
  Buffer.concat(
    Array.from({ length: count }, (_, n) => from + 2 * n).flatMap(id => [
      head(id, method),
      frame('data', 1, id, empty),
    ]),
  );

/** A connection with the deadlines of its calls, in milliseconds. */
function connected(verify: Verify, requestBytesMax = defaultLimits.grpc.requestBytesMax) {
  const limits = { ...defaultLimits.grpc, requestBytesMax };
  const guard = recordingGuard(limits);
  const onBug = (error: unknown) => guard.reports.push(String(error));
  const watchedMs: number[] = [];
  const deadlines: Deadlines<never> = {
    watch(call, deadlineMs) {
      watchedMs.push(deadlineMs);
      return new Watched(call, deadlineMs);
    },
    stop: () => undefined,
  };
  const deps: CallsDeps = {
    routes: routesOf([verifierBinding({ verify, batchMax: 64 })], 'grpc'),
    limits,
    deadlines,
    streams: new Set(),
    open: new Set(),
    guard,
    probes: alwaysReady,
    onBug,
  };
  const socket = new FakeSocket();
  new H2Connection(socket.socket, {
    limits: h2LimitsOf(limits),
    createHandler: peer => new Calls(deps, peer),
    onFault: fault => guard.reports.push(fault),
    onBug,
    notHttp2: Buffer.alloc(0),
  });
  const isRead = [settings([4, 2 ** 31 - 1]), frame('windowUpdate', 0, 0, uint32(2 ** 30))];
  socket.arrive(Buffer.concat([preface, ...isRead]));
  onTestFinished(() => {
    socket.close();
    expect([guard.requests.bytes, guard.unread.bytes]).toEqual([0, 0]);
  });
  return { socket, guard, watchedMs };
}

test.each(['Verify', 'StreamVerify'])(
  'the deadline of %s counts from its arrival',
  async method => {
    let nowMs = 1000;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
    onTestFinished(() => clock.mockRestore());
    const { socket, guard, watchedMs } = connected(() => new Promise(() => undefined));
    socket.arrive(calls(1, 400, method));
    expect(watchedMs.every(ms => ms === 1000)).toBe(true);
    nowMs += 300;
    while (socket.isPaused()) {
      socket.take();
      await turn();
    }
    expect(watchedMs).toHaveLength(400);
    expect(watchedMs.at(-1)).toBe(700);
    expect(guard.reports).toEqual([]);
  },
);

test('what waits counts with the requests of the process, and is done at once beyond their limit', async () => {
  let asked = 0;
  const verify = () => {
    asked++;
    return granted;
  };
  const { socket, guard } = connected(verify, 20_000);
  socket.arrive(calls(1, 400));
  expect(guard.requests.bytes).toBeGreaterThan(5000);
  while (socket.isPaused()) {
    socket.take();
    await turn();
  }
  expect([asked, guard.requests.bytes]).toEqual([400, 0]);
  socket.arrive(calls(801, 800));
  expect(asked).toBeLessThan(800);
  // At most a call whose message waits.
  expect(guard.requests.bytes).toBeLessThan(1000);
  await turn();
  expect([asked, guard.requests.bytes, guard.reports]).toEqual([1200, 0, []]);
  while (socket.isPaused()) {
    socket.take();
    await turn();
  }
});

function message(bytes: Uint8Array): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
}

const asks = Array.from({ length: 64 }, () => ({ header: 't' }));
const batch = message(
  toBinary(BatchVerifyRequestSchema, create(BatchVerifyRequestSchema, { requests: asks })),
);
const items = asks.map((request, n) => ({ id: BigInt(n), request }));
const stream = message(
  toBinary(StreamVerifyRequestSchema, create(StreamVerifyRequestSchema, { items })),
);

test.each(['BatchVerify', 'StreamVerify'])('each question of %s counts as work', async method => {
  let asked = 0;
  const { socket, guard } = connected(() => {
    asked++;
    return granted;
  });
  const ids = Array.from({ length: 100 }, (_, n) => 1 + 2 * n);
  socket.arrive(
    method === 'BatchVerify'
      ? Buffer.concat(ids.flatMap(id => [head(id, method), frame('data', 1, id, batch)]))
      : Buffer.concat([head(1, method), ...ids.map(() => frame('data', 0, 1, stream))]),
  );
  const inTurns = [asked];
  for (let turns = 0; asked < 100 * 64; turns++) {
    const before = asked;
    socket.take();
    await turn();
    inTurns.push(asked - before);
    expect(turns).toBeLessThan(100);
  }
  // A turn is as much work as 4096 questions; what was left of the one before can come with it.
  expect(Math.max(...inTurns)).toBeLessThanOrEqual(5400);
  expect(guard.reports).toEqual([]);
});
