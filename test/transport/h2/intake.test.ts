/** A connection has so much done in a turn of the event loop, and then the others have theirs. */

import { expect, test, vi } from 'vitest';
import { H2Connection } from '../../../src/transport/h2/connection.ts';
import { frameTypes, type H2Fault } from '../../../src/transport/h2/frame.ts';
import { FrameReader } from '../../../src/transport/h2/frame-reader.ts';
import type { H2Limits } from '../../../src/transport/h2/limits.ts';
import type { H2Handler, H2Peer } from '../../../src/transport/h2/stream.ts';
import { FakeSocket } from './fake-socket.ts';
import { frame, preface, request, settings, uint32 } from './raw-frames.ts';
import { echo, roomyLimits } from './served.ts';

const turn = () => new Promise(setImmediate);
const start = Buffer.concat([preface, settings(), frame('settings', 1, 0)]);
const call = (id: number, path: string) => request(id, path);
const calls = (from: number, count: number, path: string) =>
  Buffer.concat(Array.from({ length: count }, (_, n) => call(from + 2 * n, path)));
/** As much work as ten calls. */
const workMax = 10 * (256 + (call(1, '/a').length >> 3));

/** A connection, and the requests of all connections in the order in which they were answered. */
function connected(requests: string[] = [], limits: Partial<H2Limits> = {}) {
  const socket = new FakeSocket();
  const faults: H2Fault[] = [];
  const rests: number[] = [];
  const waitedMs: number[] = [];
  const create = (peer: H2Peer): H2Handler => ({
    ...echo({ faults, bugs: [], requests, resets: [] }),
    onReadEnd: () => waitedMs.push(peer.waitedMs),
    onRest: bytes => rests.push(bytes),
  });
  const connection = new H2Connection(socket.socket, {
    limits: { ...roomyLimits, workMax, ...limits },
    createHandler: create,
    onFault: fault => faults.push(fault),
    onBug(error) {
      throw error;
    },
    notHttp2: Buffer.alloc(0),
  });
  socket.arrive(start);
  socket.take();
  return { socket, connection, requests, faults, rests, waitedMs };
}

/** Takes what is sent, turn by turn, until nothing waits; what `each` returned in each turn. */
async function turnsOf<T>(sockets: readonly FakeSocket[], each: () => T): Promise<T[]> {
  const seen: T[] = [];
  while (sockets.some(socket => socket.isPaused())) {
    await turn();
    for (const socket of sockets) socket.take();
    seen.push(each());
  }
  return seen;
}

const sentBy = ({ sent }: FakeSocket) => Buffer.concat(sent);

/** The last streams that the GOAWAY frames name. */
function goAwaysOf(socket: FakeSocket): number[] {
  const named: number[] = [];
  const reader = new FrameReader(2 ** 24, (type, _, _id, bytes, at) => {
    if (type === frameTypes.goaway) named.push(bytes.readUInt32BE(at));
  });
  reader.read(sentBy(socket));
  return named;
}

test('thousands of calls in one read keep a call of another connection back by one turn of theirs', async () => {
  const requests: string[] = [];
  const [flood, other] = [connected(requests), connected(requests)];
  flood.socket.arrive(calls(1, 2000, '/a'));
  expect(requests.length).toBeLessThanOrEqual(10);
  let id = 1;
  const before = await turnsOf([flood.socket], () => {
    const count = requests.length;
    other.socket.arrive(call(id, '/b'));
    id += 2;
    expect(requests.at(-1)).toBe('POST /b ');
    return count;
  });
  // Ten of the flood and one of the other in each.
  for (const [n, count] of before.entries()) {
    expect(count - (before[n - 1] ?? 10)).toBeLessThanOrEqual(11);
  }
  expect(requests.filter(each => each === 'POST /a ')).toHaveLength(2000);
});

test('of many connections with too much to do, one goes on in each turn, in order', async () => {
  const requests: string[] = [];
  const floods = Array.from({ length: 20 }, () => connected(requests));
  for (const [n, { socket }] of floods.entries()) socket.arrive(calls(1, 30, `/${n % 10}`));
  const first = requests.splice(0).length;
  expect(first).toBeLessThanOrEqual(20 * 11);
  const sockets = floods.map(({ socket }) => socket);
  const turns = await turnsOf(sockets, () => requests.splice(0));
  expect(first + turns.flat().length).toBe(600);
  for (const paths of turns) {
    expect(paths.length).toBeLessThanOrEqual(10);
    expect(new Set(paths).size).toBe(1);
  }
  const inOrder = turns.slice(0, 20).map(([path]) => path);
  expect(inOrder).toEqual(floods.map((_, n) => `POST /${n % 10} `));
});

test('the answers are the same, in order, as without turns', async () => {
  const session = Buffer.concat([calls(1, 50, '/slowly'), calls(101, 50, '/a')]);
  const [at, inTurns] = [connected([], { workMax: Number.POSITIVE_INFINITY }), connected()];
  at.socket.arrive(session);
  expect(at.socket.isPaused()).toBe(false);
  inTurns.socket.arrive(session);
  const turns = await turnsOf([inTurns.socket], () => inTurns.requests.length);
  expect(turns.length).toBeGreaterThan(5);
  expect(sentBy(inTurns.socket).equals(sentBy(at.socket))).toBe(true);
});

test('a turn is answered in one write, and the next read comes after it', async () => {
  const { socket, requests } = connected();
  const writes = socket.sent.length;
  socket.arrive(calls(1, 20, '/a'));
  socket.arrive(calls(41, 1, '/b'));
  expect(socket.sent).toHaveLength(writes + 1);
  const turns = await turnsOf([socket], () => undefined);
  expect(socket.sent).toHaveLength(writes + 1 + turns.length);
  socket.read();
  expect(requests.at(-1)).toBe('POST /b ');
  expect(requests).toHaveLength(21);
});

test('reads that are no more than half of a turn are never cut', async () => {
  const { socket } = connected();
  for (let n = 0; n < 50; n++) {
    const writes = socket.sent.length;
    socket.arrive(calls(1 + 10 * n, 5, '/a'));
    expect(socket.isPaused()).toBe(false);
    expect(socket.sent).toHaveLength(writes + 1);
    socket.take();
    await turn();
  }
});

test('short reads of one turn, such as the records of TLS, count together', () => {
  const { socket, requests } = connected();
  for (let n = 0; n < 50; n++) socket.arrive(calls(1 + 10 * n, 5, '/a'));
  expect(requests.length).toBeLessThanOrEqual(10);
});

test('a frame that takes more than a turn is paid for by the turns that follow', async () => {
  const { socket, requests } = connected([], { workMax: 600 });
  // Those of the tests before have their turns first.
  for (let n = 0; n < 40; n++) await turn();
  const large = frame('data', 1, 1, Buffer.alloc(16_000));
  socket.arrive(Buffer.concat([request(1, '/a', 4), large, call(3, '/b')]));
  expect(requests).toEqual(['POST /a 16000']);
  const turns = await turnsOf([socket], () => requests.length);
  expect(turns.filter(count => count === 1).length).toBeGreaterThanOrEqual(3);
  expect(requests).toEqual(['POST /a 16000', 'POST /b ']);
});

test('what waits is counted, and how long it waited is known', async () => {
  let nowMs = 1000;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
  const { socket, rests, waitedMs } = connected();
  const bytes = calls(1, 25, '/a');
  socket.arrive(bytes);
  await turnsOf([socket], () => {
    nowMs += 7;
  });
  clock.mockRestore();
  expect(rests[0]).toBeLessThan(bytes.length);
  expect(rests.at(-1)).toBe(0);
  expect([...rests].sort((a, b) => b - a)).toEqual(rests);
  expect(waitedMs.slice(1, 4)).toEqual([0, 0, 7]);
});

test('a peer that does not read has nothing more done until it reads', async () => {
  const { socket, requests } = connected([], { outputBytesMax: 100 });
  socket.arrive(calls(1, 100, '/a'));
  for (let n = 0; n < 5; n++) await turn();
  expect(requests.length).toBeLessThanOrEqual(20);
  await turnsOf([socket], () => undefined);
  expect(requests).toHaveLength(100);
});

test('an error in what waits ends the connection there', async () => {
  const { socket, requests, faults, rests } = connected();
  const bad = frame('data', 0, 0, Buffer.alloc(1));
  socket.arrive(Buffer.concat([calls(1, 30, '/a'), bad, calls(61, 30, '/b')]));
  expect(faults).toEqual([]);
  await turnsOf([socket], () => undefined);
  expect(faults).toEqual(['protocol']);
  expect([requests.length, rests.at(-1)]).toEqual([30, 0]);
  await turn();
  expect(socket.hasEnded).toBe(true);
  socket.arrive(calls(121, 1, '/c'));
  expect(requests).toHaveLength(30);
});

test('RST_STREAM in what waits ends its stream', async () => {
  const { socket, connection } = connected();
  const reset = frame('rstStream', 0, 1, uint32(8));
  socket.arrive(Buffer.concat([request(1, '/never', 4), calls(3, 30, '/a'), reset]));
  expect(connection.openStreams()).toBe(1);
  await turnsOf([socket], () => undefined);
  expect(connection.openStreams()).toBe(0);
});

test('a connection that ends while a read waits does no more', async () => {
  const { socket, connection, requests, rests } = connected();
  socket.arrive(calls(1, 100, '/a'));
  const done = requests.length;
  socket.close();
  expect(rests.at(-1)).toBe(0);
  for (let n = 0; n < 5; n++) await turn();
  expect([requests.length, connection.openStreams()]).toEqual([done, 0]);
});

test('a handler may end the connection when it learns what waits', async () => {
  const requests: string[] = [];
  const { socket, connection, rests } = connected(requests);
  rests.push = bytes => {
    if (bytes > 0) connection.fail(11);
    return 0;
  };
  socket.arrive(calls(1, 100, '/a'));
  expect(socket.isPaused()).toBe(false);
  const done = requests.length;
  for (let n = 0; n < 5; n++) await turn();
  expect(requests).toHaveLength(done);
});

test('GOAWAY names its last stream once what has arrived had its turn', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  try {
    const { socket, connection, requests } = connected([], { goAwaySlackMs: 0 });
    connection.goAway();
    await turn();
    const pong = frame('ping', 1, 0, Buffer.from('usher-ga'));
    socket.take();
    socket.arrive(Buffer.concat([pong, calls(1, 40, '/a')]));
    while (!socket.hasEnded) {
      vi.advanceTimersByTime(1);
      await turn();
      socket.take();
    }
    expect(requests).toHaveLength(40);
    // The first names none.
    expect(goAwaysOf(socket)).toEqual([2 ** 31 - 1, 79]);
  } finally {
    vi.useRealTimers();
  }
});
