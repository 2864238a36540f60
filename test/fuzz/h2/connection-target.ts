/** A whole connection with a handler that echoes: any bytes, in any cuts. */

import assert from 'node:assert/strict';
import { crc32 } from 'node:zlib';
import { H2Connection } from '../../../src/transport/h2/connection.ts';
import { type H2Fault, streamIdMax } from '../../../src/transport/h2/frame.ts';
import { encodeFields } from '../../../src/transport/h2/hpack/encoder.ts';
import type { H2Limits } from '../../../src/transport/h2/limits.ts';
import { prepareAnswer } from '../../../src/transport/h2/prepared-answer.ts';
import type { H2Handler, H2Peer, H2Stream } from '../../../src/transport/h2/stream.ts';
import { createRandom, type Random } from '../../model/random.ts';
import { FakeSocket } from '../../transport/h2/fake-socket.ts';
import {
  frame,
  fullSession,
  preface,
  request,
  settings,
  uint32,
} from '../../transport/h2/raw-frames.ts';
import { below } from '../mutate.ts';
import type { Target } from '../target.ts';
import { type Answered, checkAnswer } from './answer-rules.ts';
import { bendFrames } from './bend-frames.ts';
import { checked, type Seen } from './checked-handler.ts';
import { framesOf } from './sent-frames.ts';

/** Nothing is allowed again with time, so that a play is the same each time. */
const few = { burst: 12, perSecond: 0 };

/** Limits that inputs of some kilobytes reach. */
const limits: H2Limits = {
  headerListBytesMax: 1024,
  headerFieldsMax: 12,
  prefaceMs: 60_000,
  stopPrefaceMs: 60_000,
  streamsMax: 4,
  headerBlockBytesMax: 1024,
  continuationsMax: 3,
  streamWindowBytes: 2048,
  connectionWindowBytes: 65_535,
  outputBytesMax: 2 ** 20,
  workMax: Number.POSITIVE_INFINITY,
  idleMs: 60_000,
  ageMs: 600_000,
  ageGraceMs: 60_000,
  keepaliveMs: 60_000,
  keepaliveTimeoutMs: 60_000,
  goAwayMs: 60_000,
  goAwaySlackMs: 0,
  stopSilenceMs: 60_000,
  lingerMs: 60_000,
  rates: {
    resets: few,
    violations: few,
    settings: few,
    pings: few,
    windowUpdates: few,
    emptyFrames: few,
  },
};

const headers = encodeFields([[':status', '200']]);
const trailers = encodeFields([['x-end', 'yes']]);
const filler = Buffer.alloc(70_000, 'filler');

/** How the path of a request says that it is answered. */
const paths = ['/', '/slowly', '/bare', '/early', '/large', '/never', '/reset', '/throttled'];

/** Echoes. The order of what it does follows from the order of what it gets alone. */
function echo(connection: H2Peer): H2Handler {
  const answer = (stream: H2Stream) => {
    const { path } = stream.request;
    const content = Buffer.concat((stream.context as Buffer[] | undefined) ?? []);
    if (path === '/reset') return stream.reset(2);
    if (path === '/fail') return connection.fail(11);
    const body = path === '/large' ? filler : Buffer.concat([Buffer.from(path, 'latin1'), content]);
    if (path !== '/slowly' && path !== '/bare') {
      return stream.answer(
        prepareAnswer(headers, body, path === '/throttled' ? undefined : trailers),
      );
    }
    stream.respond(headers);
    // The rest when there is room.
    if (stream.write(body) && stream.write(content))
      return stream.end(path === '/bare' ? undefined : trailers);
    stream.context = 'rest';
  };
  return {
    onRequest(stream, endsStream) {
      if (stream.request.path === '/early') stream.respond(headers, true);
      else if (endsStream) answer(stream);
    },
    onData(stream, data, endsStream) {
      const { path } = stream.request;
      if (path === '/early') return;
      stream.context = [...((stream.context as Buffer[]) ?? []), Buffer.from(data)];
      if (path !== '/never' && path !== '/throttled') stream.consumed(data.length);
      if (endsStream) answer(stream);
    },
    onTrailers(stream) {
      if (stream.request.path !== '/early') answer(stream);
    },
    onWritable(stream) {
      if (stream.context === 'rest') stream.end(trailers);
    },
    onClose() {},
    onReadEnd() {},
  };
}

/** What a connection did. */
interface Played {
  sent: Buffer;
  faults: H2Fault[];
  /** Streams that were open before the peer was gone: `id`, or `id blocked`. */
  open: string[];
}

/** How the peer reads, at once or now and then, and how much is done for it in a turn. */
interface Pace {
  outputBytesMax: number;
  workMax: number;
  take(socket: FakeSocket, connection: H2Connection): void;
}

const atOnce: Pace = { ...limits, take: socket => socket.take() };
/** A frame or two in a turn. */
const inTurns: Pace = { ...atOnce, workMax: 300 };

function slowly(random: Random): Pace {
  return {
    outputBytesMax: 1000,
    workMax: random.pick([limits.workMax, 1000]),
    take(socket, connection) {
      if (random.chance(0.3)) socket.take(1);
      if (random.chance(0.01)) connection.goAway();
      if (random.chance(0.1)) socket.take();
    },
  };
}

async function connectionOf(input: Buffer, chunks: readonly Buffer[], pace: Pace): Promise<Played> {
  const socket = new FakeSocket();
  const faults: H2Fault[] = [];
  const bugs: unknown[] = [];
  const seen: Seen = { open: new Set(), requests: 0, hasEnded: false };
  const connection = new H2Connection(socket.socket, {
    limits: { ...limits, outputBytesMax: pace.outputBytesMax, workMax: pace.workMax },
    createHandler: peer => checked(echo(peer), seen, limits.streamsMax),
    onFault: fault => faults.push(fault),
    onBug: error => bugs.push(error),
    notHttp2: Buffer.alloc(0),
  });
  for (const chunk of chunks) {
    socket.arrive(chunk);
    pace.take(socket, connection);
    if (bugs.length > 0) throw bugs[0];
    const unconsumed = [...seen.open].reduce((sum, each) => sum + each.unconsumedBytes, 0);
    assert(unconsumed <= limits.connectionWindowBytes, 'more content than the windows allow');
  }
  await drain(socket);
  if (bugs.length > 0) throw bugs[0];
  const sent = Buffer.concat(socket.sent);
  const { frames } = framesOf(input);
  const answered = checkAnswer(sent, frames);
  const open = [...seen.open].map(stream => stateOf(stream));
  if (!socket.hasEnded) checkOpen(seen, answered, frames);
  assert.equal(connection.openStreams(), seen.open.size);
  assert(connection.heldBytes <= 4 * (filler.length + 1024) + 32_768, 'answers beyond all bounds');
  socket.close();
  assert(seen.hasEnded && seen.open.size === 0, 'the connection is gone, and not all of it ended');
  assert.equal(connection.openStreams(), 0);
  return { sent, faults, open };
}

/** Takes and reads until nothing is left to do. */
async function drain(socket: FakeSocket): Promise<void> {
  for (;;) {
    const before = socket.sent.length;
    socket.take();
    socket.read();
    // What was written outside of a read goes out at the end of the turn.
    await new Promise(setImmediate);
    const isSent = socket.sent.length === before && socket.writableLength === 0;
    if (isSent && socket.isRead) return;
  }
}

const stateOf = ({ id, queuedBytes }: H2Stream) => (queuedBytes > 0 ? `${id} blocked` : `${id}`);

/** Whoever asked gets an answer, unless the windows of the peer are closed. */
function checkOpen(seen: Seen, answered: Answered, frames: ReturnType<typeof framesOf>['frames']) {
  let window = 65_535;
  for (const { type, id, payload } of frames) {
    if (type === 8 && id === 0 && payload.length === 4)
      window += payload.readUInt32BE() & streamIdMax;
  }
  const isFull = answered.contentBytes >= window;
  for (const stream of seen.open) {
    if (stream.queuedBytes > 0) assert(isFull || stream.sendWindow <= 0, 'a stream is forgotten');
    else assert(!stream.remoteEnded, 'a request has no answer');
  }
}

const whole = fullSession({ first: '/bare', third: '/slowly', fifth: '/slowly' });
const large = Buffer.concat([
  preface,
  settings([4, 0]),
  request(1, '/large'),
  request(3, '/large'),
  frame('windowUpdate', 0, 1, uint32(1000)),
  settings([4, 70_000]),
  frame('windowUpdate', 0, 0, uint32(100_000)),
  frame('goaway', 0, 0, '0000000000000000'),
]);

/** The whole connection. */
export const connectionTarget: Target = {
  name: 'connection',
  share: 6,
  bytesMax: 20_000,
  seeds: [Buffer.concat([preface, settings(), request(1, '/')]), whole, large],
  words: [preface, frame('settings', 1, 0), uint32(0x7fff_ffff), Buffer.of(0x20), Buffer.of(0xbe)],
  bend: bendFrames({
    paths: [...paths, '/fail', '*'],
    others: [['x-a', 'b']],
    contents: [Buffer.alloc(0), Buffer.from('hello'), Buffer.alloc(1500, 1)],
  }),
  async play(input) {
    const random = createRandom(crc32(input));
    const once = await connectionOf(input, [input], atOnce);
    for (const pace of [atOnce, inTurns]) {
      const again = await connectionOf(input, cutsOf(input, random), pace);
      assert.deepEqual(again.faults, once.faults, 'other faults in other cuts');
      assert.deepEqual(again.open, once.open, 'other streams in other cuts');
      assert(again.sent.equals(once.sent), 'another answer in other cuts');
    }
    // What a window is then depends on what was sent before: only the rules for every answer hold.
    await connectionOf(input, cutsOf(input, random), slowly(random));
  },
};

/** The input in some pieces, which may be single bytes. */
export function cutsOf(input: Buffer, random: Random): Buffer[] {
  const most = random.pick([1, 3, 30, 500]);
  const chunks: Buffer[] = [];
  for (let at = 0; at < input.length; ) {
    const length = 1 + below(random, most);
    // A buffer of its own, as each read has.
    chunks.push(Buffer.from(input.subarray(at, at + length)));
    at += length;
  }
  return chunks;
}
