/** The gRPC port on a connection: calls of all kinds, at any pace, and what is left of them after it. */

import assert from 'node:assert/strict';
import { crc32, deflateSync, gzipSync } from 'node:zlib';
import { createCallDeadlines } from '../../../src/transport/grpc/call-deadlines.ts';
import { Calls, type CallsDeps } from '../../../src/transport/grpc/calls.ts';
import { h2LimitsOf } from '../../../src/transport/grpc/h2-limits.ts';
import { createHealthService } from '../../../src/transport/grpc/health.ts';
import { reflectionBindings } from '../../../src/transport/grpc/reflection.ts';
import { routesOf } from '../../../src/transport/grpc/routes.ts';
import { H2Connection } from '../../../src/transport/h2/connection.ts';
import type { H2Stream } from '../../../src/transport/h2/stream.ts';
import type { GrpcLimits } from '../../../src/transport/rpc/grpc-limits.ts';
import { ownGuard } from '../../../src/transport/rpc/guard.ts';
import { alwaysReady } from '../../../src/transport/rpc/probes.ts';
import { defaultLimits } from '../../limits.ts';
import { createRandom, type Random } from '../../model/random.ts';
import { granted, verifierBinding } from '../../transport/fakes.ts';
import { FakeSocket } from '../../transport/h2/fake-socket.ts';
import { frame, preface, request, settings, uint32 } from '../../transport/h2/raw-frames.ts';
import type { Target } from '../target.ts';
import { type AnsweredStream, checkAnswer } from './answer-rules.ts';
import { bendFrames } from './bend-frames.ts';
import { checked, type Seen } from './checked-handler.ts';
import { cutsOf } from './connection-target.ts';
import { messageFrame } from './message-targets.ts';
import { framesOf } from './sent-frames.ts';

const limits: GrpcLimits = {
  ...defaultLimits.grpc,
  streamsPerConnectionMax: 8,
  receiveBytesMax: 2000,
  requestBytesMax: 10_000,
  unread: { connectionBytesMax: 4000, processBytesMax: 8000 },
};
const bugs: unknown[] = [];
const guard = ownGuard(limits);
const verifier = verifierBinding({
  // Some verdicts are known at once, others later.
  verify: ({ header }) => {
    if (header === 'good') return granted;
    const refused = { valid: false, reason: 'INVALID_TOKEN', stale: false } as const;
    return Promise.resolve(header.length % 2 === 0 ? refused : granted);
  },
});
const health = createHealthService([verifier.service.typeName]);
const reflection = reflectionBindings([verifier.service, health.binding.service]);
const onBug = (error: unknown) => void bugs.push(error);
const shared: CallsDeps = {
  routes: routesOf([verifier, health.binding, ...reflection], 'grpc'),
  limits,
  deadlines: createCallDeadlines(limits, alwaysReady, onBug, () => undefined),
  streams: new Set(),
  open: new Set(),
  guard,
  probes: alwaysReady,
  onBug,
};
const endless = new Set([
  '/usher.v1.VerifierService/WatchInvalidations',
  '/grpc.health.v1.Health/Watch',
]);

/** How long a call may take, in milliseconds: others use this machine too. */
const callMsMax = 10_000;
const turn = () => new Promise(setImmediate);

async function play(input: Buffer): Promise<void> {
  const random = createRandom(crc32(input));
  const socket = new FakeSocket();
  const seen: Seen = { open: new Set(), requests: 0, hasEnded: false };
  const connection = new H2Connection(socket.socket, {
    limits: h2LimitsOf(limits),
    createHandler: peer => checked(new Calls(shared, peer), seen, limits.streamsPerConnectionMax),
    onFault: () => undefined,
    onBug,
    notHttp2: Buffer.alloc(0),
  });
  try {
    await arrive(input, socket, connection, seen, random);
  } finally {
    socket.close();
  }
  check(seen);
  await turn();
  check(seen);
}

async function arrive(
  input: Buffer,
  socket: FakeSocket,
  connection: H2Connection,
  seen: Seen,
  random: Random,
): Promise<void> {
  const isSlow = random.chance(0.3);
  for (const chunk of random.chance(0.3) ? [input] : cutsOf(input, random)) {
    socket.arrive(chunk);
    if (!isSlow || random.chance(0.2)) socket.take(random.chance(0.5) ? 1 : undefined);
    if (random.chance(0.02)) await turn();
  }
  if (random.chance(0.1)) connection.goAway();
  // A part of the plays ends in the middle.
  if (random.chance(0.8)) await answers(socket, seen);
  const answered = checkAnswer(Buffer.concat(socket.sent), framesOf(input).frames);
  for (const stream of answered.streams.values()) checkCall(stream);
}

function check(seen: Seen): void {
  if (bugs.length > 0) throw bugs.splice(0)[0];
  assert(seen.hasEnded && seen.open.size === 0, 'the connection is gone, and not all of it ended');
  assert.equal(guard.unread.bytes, 0, 'answers that nobody will read are counted');
  assert.equal(guard.requests.bytes, 0, 'requests that are over are counted');
  assert(shared.streams.size === 0 && shared.open.size === 0, 'a call that is over is kept');
}

/** Takes all answers; throws if a call gets none. */
async function answers(socket: FakeSocket, seen: Seen): Promise<void> {
  const unanswered = (stream: H2Stream) =>
    stream.remoteEnded && stream.queuedBytes === 0 && !endless.has(stream.request.path);
  const endMs = performance.now() + callMsMax;
  for (let turns = 0; performance.now() < endMs; turns++) {
    socket.take();
    socket.read();
    await turn();
    const isDone = ![...seen.open].some(unanswered) && socket.writableLength === 0 && socket.isRead;
    if (isDone || socket.hasEnded) return;
    // Those that wait for room, behind answers whose window is closed.
    if (turns > 50 && [...seen.open].some(({ queuedBytes }) => queuedBytes > 0)) return;
  }
  const [path] = [...seen.open].filter(unanswered).map(stream => stream.request.path);
  assert.fail(`a call of ${path} is not answered`);
}

/** What gRPC asks of an answer ("Responses"). */
function checkCall({ blocks, content, hasEnded, reset }: AnsweredStream): void {
  const [head = []] = blocks;
  const fieldOf = (name: string, block = head) => block.find(([each]) => each === name)?.[1];
  if (fieldOf('content-type')?.startsWith('application/grpc') !== true) return;
  assert.equal(fieldOf(':status'), '200');
  const bytes = Buffer.concat(content);
  let at = 0;
  while (bytes.length - at >= 5) {
    assert.equal(bytes[at], 0, 'a compressed answer');
    at += 5 + bytes.readUInt32BE(at + 1);
  }
  if (!hasEnded || (reset ?? 0) !== 0) return;
  assert.equal(at, bytes.length, 'the last message is cut short');
  const status = fieldOf('grpc-status', blocks.at(-1));
  assert.match(status ?? 'none', /^(?:\d|1[0-6])$/);
}

const good = Buffer.from('0a04676f6f64', 'hex');
const bad = Buffer.from('0a03626164', 'hex');
const method = (name: string) => `/usher.v1.VerifierService/${name}`;
const reflect = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
const post = (id: number, path: string, content: Buffer, ...more: [string, string][]) =>
  Buffer.concat([
    request(id, path, 4, ['content-type', 'application/grpc'], ['te', 'trailers'], ...more),
    frame('data', 1, id, content),
  ]);
const session = (...frames: Buffer[]) => Buffer.concat([preface, settings(), ...frames]);
const stream = Buffer.concat([messageFrame(good), messageFrame(bad), messageFrame(good)]);

/** The port. */
export const grpcTarget: Target = {
  name: 'grpc',
  share: 6,
  bytesMax: 20_000,
  seeds: [
    session(
      post(1, method('Verify'), messageFrame(good)),
      post(3, method('Verify'), messageFrame(bad)),
    ),
    session(
      post(1, method('StreamVerify'), stream),
      post(3, method('WatchInvalidations'), messageFrame(Buffer.alloc(0))),
      post(5, method('BatchVerify'), messageFrame(Buffer.from('0a060a04676f6f64', 'hex'))),
      frame('rstStream', 0, 3, uint32(8)),
    ),
    session(
      post(1, method('Verify'), messageFrame(gzipSync(bad), true), ['grpc-encoding', 'gzip']),
      post(3, method('StreamVerify'), messageFrame(deflateSync(good), true), [
        'grpc-encoding',
        'deflate',
      ]),
      post(5, method('Hello'), messageFrame(Buffer.alloc(0)), ['authorization', 'good']),
    ),
    session(
      post(1, '/grpc.health.v1.Health/Check', messageFrame(Buffer.alloc(0))),
      post(3, '/grpc.health.v1.Health/Watch', messageFrame(Buffer.alloc(0))),
      post(5, '/grpc.health.v1.Health/List', messageFrame(Buffer.alloc(0))),
      post(7, reflect, messageFrame(Buffer.from('3a00', 'hex'))),
      request(9, '/healthz'),
    ),
    session(
      request(1, method('Verify'), 4, ['content-type', 'application/grpc'], ['grpc-timeout', '1n']),
      post(3, method('Unknown'), messageFrame(good)),
      post(5, reflect, messageFrame(Buffer.from('2214757368657220', 'hex'))),
      settings([4, 0]),
      post(
        7,
        reflect,
        messageFrame(Buffer.from('221b75736865722e76312e566572696669657253657276696365', 'hex')),
      ),
    ),
  ],
  words: [
    messageFrame(good),
    messageFrame(bad),
    Buffer.from('good'),
    gzipSync(good),
    settings([4, 0]),
  ],
  bend: bendFrames({
    paths: [
      ...['Verify', 'Verify', 'StreamVerify', 'BatchVerify', 'Hello', 'IssueJwt'].map(method),
      ...[...endless, '/grpc.health.v1.Health/Check', '/grpc.health.v1.Health/List'],
      ...[reflect, reflect.replace('v1', 'v1alpha'), method('Unknown'), '/', '/healthz'],
    ],
    others: [
      ...Array<[string, string]>(6).fill(['content-type', 'application/grpc']),
      ['content-type', 'text/html'],
      ['grpc-timeout', '1S'],
      ['grpc-timeout', 'x'],
      ['grpc-encoding', 'gzip'],
      ['grpc-encoding', 'br'],
      ['authorization', 'good'],
      ['authorization', 'slow'],
    ],
    contents: [
      messageFrame(good),
      messageFrame(bad),
      stream,
      messageFrame(Buffer.alloc(0)),
      messageFrame(Buffer.alloc(1500, 10)),
      messageFrame(gzipSync(good), true),
      messageFrame(Buffer.from('3a00', 'hex')),
      Buffer.alloc(0),
      Buffer.alloc(3),
    ],
  }),
  play,
};
