/** How connections begin and end: preface, GOAWAY, abuse, age, silence. */

import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { encodeFields } from '../../../src/transport/h2/hpack/encoder.ts';
import type { H2Limits } from '../../../src/transport/h2/limits.ts';
import type { H2Handler, H2Stream } from '../../../src/transport/h2/stream.ts';
import { begunPeer, frame, preface, rawPeer, request, settings, uint32 } from './raw-peer.ts';
import { roomyLimits, serve } from './served.ts';

async function start(limits: Partial<H2Limits> = {}, createHandler?: () => H2Handler) {
  const served = await serve(limits, createHandler);
  onTestFinished(async () => {
    await served.stop();
    expect(served.bugs).toEqual([]);
  });
  return served;
}

const stream1Later = request(1, '/', 4);
const end1 = frame('data', 1, 1);
const trailers = '0001780179';
const pong = (payload: Buffer) => frame('ping', 1, 0, payload);

describe('the preface (3.4)', () => {
  test('may come byte by byte, and is answered with SETTINGS', async () => {
    const { port } = await start();
    const peer = await rawPeer(port);
    for (const byte of Buffer.concat([preface, settings()])) peer.send(Buffer.of(byte));
    const [first] = await peer.settled();
    expect(first?.type).toBe('settings');
    expect(first?.payload.subarray(0, 6).toString('hex')).toBe('000300000064');
  });

  test.each([
    ['GET / HTTP/1.1\r\n\r\n', 'not HTTP/2', 'preface'],
    ['\x16\x03\x01\x02\x00', 'not HTTP/2', 'tls'],
    ['PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n', '', 'preface'],
  ])('is nothing else: %j', async (bytes, answer, fault) => {
    const served = await start();
    const peer = await rawPeer(served.port);
    peer.socket.removeAllListeners('data');
    peer.send(Buffer.from(bytes, 'latin1'));
    expect(await text(peer.socket)).toBe(answer);
    expect(served.faults).toEqual([fault]);
  });

  test('must come in time', async () => {
    const { port } = await start({ prefaceMs: 50 });
    const peer = await rawPeer(port);
    peer.send(preface.subarray(0, 5));
    await peer.closed();
  });
});

describe('GOAWAY (6.8)', () => {
  test('first announces, and names the last stream when the peer knows', async () => {
    const { port, server } = await start();
    const peer = await begunPeer(port);
    peer.send(stream1Later);
    await peer.settled();
    const gone = server.goAway();
    const first = await peer.nextOf('goaway');
    expect([first.payload.readUInt32BE(0), first.payload.readUInt32BE(4)]).toEqual([
      2 ** 31 - 1,
      0,
    ]);
    const { payload } = await peer.nextOf('ping');
    // On its way when the server said goodbye: it is served.
    peer.send(request(3, '/three'));
    await peer.nextOf('data', 3);
    peer.send(pong(payload));
    const second = await peer.nextOf('goaway');
    expect(second.payload.readUInt32BE(0)).toBe(3);
    // Too late, and so is what follows on it; but its blocks still count for the table.
    peer.send(
      request(5, '/five', 4),
      frame('headers', 5, 5, trailers),
      frame('data', 0, 5, '00'),
      end1,
    );
    expect((await peer.nextOf('data', 1)).payload.toString()).toBe('the root of all');
    await gone;
    await peer.closed();
    expect(peer.frames.some(({ id }) => id === 5)).toBe(false);
  });

  test('of an error names no later stream than the one before', async () => {
    const { port, server } = await start();
    const peer = await begunPeer(port);
    peer.send(stream1Later);
    await peer.settled();
    const gone = server.goAway();
    await peer.nextOf('goaway');
    const { payload } = await peer.nextOf('ping');
    peer.send(pong(payload));
    await peer.nextOf('goaway');
    peer.send(request(3, '/too-late'), frame('data', 0, 0, Buffer.alloc(1)));
    const last = await peer.nextOf('goaway');
    expect(last.payload.readUInt32BE(0)).toBe(1);
    expect(last.payload.readUInt32BE(4)).toBe(1);
    await gone;
  });

  test('serves what the peer had begun before it read GOAWAY, and sent behind its answer to PING', async () => {
    const { port, server } = await start({ goAwaySlackMs: 200 });
    const peer = await begunPeer(port);
    const gone = server.goAway();
    await peer.nextOf('goaway');
    const { payload } = await peer.nextOf('ping');
    peer.send(pong(payload));
    peer.send(request(1, '/late'));
    expect((await peer.nextOf('data', 1)).payload.toString()).toBe('/late');
    const last = await peer.nextOf('goaway');
    expect(last.payload.readUInt32BE(0)).toBe(1);
    await gone;
  });

  test('names it after a while, if the peer answers no PING', async () => {
    const { port, server } = await start({ goAwayMs: 30 });
    const peer = await begunPeer(port);
    const gone = server.goAway();
    await peer.nextOf('goaway');
    await peer.nextOf('goaway');
    await gone;
  });

  test('comes to a peer that has just connected, unless it stays silent', async () => {
    const { port, server } = await start({ stopPrefaceMs: 200 });
    const [peer, silent] = [await rawPeer(port), await rawPeer(port)];
    while ([...server.connections()].length < 2) await new Promise(setImmediate);
    const gone = server.goAway();
    peer.send(preface, settings(), request(1, '/one'));
    await peer.nextOf('goaway');
    const ping = await peer.nextOf('ping');
    expect((await peer.nextOf('data', 1)).payload.toString()).toBe('/one');
    peer.send(pong(ping.payload));
    await silent.closed();
    await gone;
  });

  test('an error closes all streams, and the peer has time to read it', async () => {
    const served = await start();
    const peer = await begunPeer(served.port);
    peer.send(stream1Later, request(3, '/', 4));
    await peer.settled();
    peer.send(frame('data', 0, 0), frame('ping', 0, 0, '0000000000000000'));
    expect(await peer.verdict()).toBe('goaway protocolError: DATA on stream 0');
    await peer.closed();
    expect([served.resets, served.faults]).toEqual([[1, 1], ['protocol']]);
  });

  test('what a handler throws ends its connection with INTERNAL_ERROR', async () => {
    const served = await serve({}, () => ({
      onRequest() {
        throw new TypeError('a bug');
      },
      onData() {},
      onTrailers() {},
      onWritable() {},
      onClose() {},
      onReadEnd() {},
    }));
    const peer = await begunPeer(served.port);
    peer.send(request(1, '/'));
    expect(await peer.verdict()).toBe('goaway internalError');
    expect(served.bugs.map(String)).toEqual(['TypeError: a bug']);
    await served.stop();
  });
});

describe('abuse ends the connection (10.5)', () => {
  const few = { burst: 20, perSecond: 0 };
  const rates = { ...roomyLimits.rates };
  const flood: [string, keyof typeof rates, (n: number) => Buffer[]][] = [
    [
      'streams that are opened and reset',
      'resets',
      n => [request(2 * n + 1, '/', 4), frame('rstStream', 0, 2 * n + 1, uint32(8))],
    ],
    [
      'violations that are reset',
      'violations',
      n => [request(2 * n + 1, '/', 4), frame('windowUpdate', 0, 2 * n + 1, uint32(0))],
    ],
    ['SETTINGS', 'settings', () => [settings()]],
    ['PING', 'pings', () => [frame('ping', 0, 0, '0000000000000000')]],
    ['answers to no PING', 'pings', () => [frame('ping', 1, 0, '0000000000000000')]],
    ['WINDOW_UPDATE', 'windowUpdates', () => [frame('windowUpdate', 0, 0, uint32(1))]],
    [
      'WINDOW_UPDATE for a stream that is over',
      'windowUpdates',
      n => (n === 0 ? [request(1, '/x')] : Array(2).fill(frame('windowUpdate', 0, 1, uint32(1)))),
    ],
    [
      'windows that are opened byte by byte',
      'windowUpdates',
      n =>
        n === 0
          ? [settings([4, 0]), request(1, `/${'x'.repeat(99)}`)]
          : [frame('windowUpdate', 0, 1, uint32(1))],
    ],
    ['empty DATA', 'emptyFrames', n => (n === 0 ? [stream1Later] : [frame('data', 0, 1)])],
    [
      'DATA that is padding alone',
      'emptyFrames',
      n => (n === 0 ? [stream1Later] : [frame('data', 8, 1, '0100')]),
    ],
    [
      'trailers of a stream that was reset',
      'emptyFrames',
      n =>
        n === 0
          ? [stream1Later, frame('windowUpdate', 0, 1, uint32(0))]
          : [frame('headers', 5, 1, trailers)],
    ],
    ['PRIORITY', 'emptyFrames', () => [frame('priority', 0, 1, '0000000010')]],
    ['unknown types', 'emptyFrames', () => [frame(200, 0, 0)]],
  ];
  test.each(flood)('%s', async (_, kind, frames) => {
    const served = await start({ rates: { ...rates, [kind]: few } });
    const peer = await begunPeer(served.port);
    const all = Array.from({ length: 19 }, (_each, n) => frames(n));
    peer.send(...all.slice(0, 15).flat());
    await new Promise<void>(resolve => peer.socket.write('', () => resolve()));
    peer.send(...all.slice(15).flat(), ...frames(19), ...frames(20), ...frames(21));
    const { payload } = await peer.nextOf('goaway');
    expect(payload.readUInt32BE(4)).toBe(11);
    expect(served.faults).toContain('flood');
  });

  test('PING and WINDOW_UPDATE for content that was sent are no abuse', async () => {
    const { port } = await start({ rates: { ...rates, pings: few, windowUpdates: few } });
    const peer = await begunPeer(port);
    for (let n = 0; n < 100; n++) {
      peer.send(request(2 * n + 1, '/x'));
      await peer.nextOf('data', 2 * n + 1);
      peer.send(frame('windowUpdate', 0, 0, uint32(2)), frame('ping', 0, 0, '0000000000000000'));
    }
    await peer.nextOf('ping');
  });

  test.each([
    ['frames', 30, Buffer.of()],
    ['bytes', 5, Buffer.alloc(10_000)],
  ])('a header block of too many %s', async (_, count, part) => {
    const { port } = await start();
    const peer = await begunPeer(port);
    peer.send(request(1, '/', 1));
    for (let n = 0; n < count; n++) peer.send(frame('continuation', 0, 1, part));
    expect(await peer.verdict()).toBe('goaway enhanceYourCalm: a header block is too long');
  });

  test('a list of fields beyond the limit resets its stream alone', async () => {
    const { port } = await start({ headerListBytesMax: 1000 });
    const peer = await begunPeer(port);
    peer.send(request(1, '/', 5, ['x', 'y'.repeat(1000)]), request(3, '/three'));
    expect(await peer.verdict()).toBe('rstStream 1 enhanceYourCalm');
    await peer.nextOf('data', 3);
  });

  test('and so do trailers', async () => {
    const { port } = await start({ headerListBytesMax: 1000 });
    const peer = await begunPeer(port);
    const block = encodeFields([['x', 'y'.repeat(1000)]]);
    peer.send(stream1Later, frame('headers', 5, 1, block), request(3, '/three'));
    expect(await peer.verdict()).toBe('rstStream 1 enhanceYourCalm');
    await peer.nextOf('data', 3);
  });

  test('streams beyond the limit are refused', async () => {
    const { port } = await start({ streamsMax: 2 });
    const peer = await begunPeer(port);
    peer.send(stream1Later, request(3, '/', 4), request(5, '/'));
    expect(await peer.verdict()).toBe('rstStream 5 refusedStream');
    peer.send(end1, request(7, '/seven'));
    expect((await peer.nextOf('data', 7)).payload.toString()).toBe('/seven');
  });
});

describe('time', () => {
  test('an old connection gets GOAWAY, and its streams end after the grace', async () => {
    const { port } = await start({ ageMs: 50, ageGraceMs: 100 });
    const peer = await begunPeer(port);
    peer.send(stream1Later);
    await peer.nextOf('goaway');
    await peer.closed();
  });

  test('an idle connection gets GOAWAY; one with a stream is not', async () => {
    const { port } = await start({ idleMs: 60 });
    const [idle, busy] = [await begunPeer(port), await begunPeer(port)];
    busy.send(stream1Later);
    await idle.nextOf('goaway');
    idle.send(pong((await idle.nextOf('ping')).payload));
    await idle.closed();
    expect(await busy.settled()).not.toContainEqual(expect.objectContaining({ type: 'goaway' }));
    busy.send(end1);
    await busy.nextOf('goaway');
  });

  test('a peer that answers PING stays, and one that does not is closed', async () => {
    const { port } = await start({ keepaliveMs: 30, keepaliveTimeoutMs: 60 });
    const peer = await begunPeer(port);
    for (let n = 0; n < 3; n++) peer.send(pong((await peer.nextOf('ping')).payload));
    await peer.closed();
  });
});

test('a peer that wants a smaller table learns that none is used (RFC 7541 4.2)', async () => {
  const { port } = await start();
  const peer = await begunPeer(port);
  peer.send(request(1, '/a'));
  expect((await peer.nextOf('headers', 1)).payload[0]).toBe(0x88);
  peer.send(settings([1, 100]), request(3, '/a'), request(5, '/a'));
  expect((await peer.nextOf('headers', 3)).payload.subarray(0, 2).toString('hex')).toBe('2088');
  expect((await peer.nextOf('headers', 5)).payload[0]).toBe(0x88);
});

test('an answer before the end of the request asks the peer to stop (8.1)', async () => {
  const closed: (number | undefined)[] = [];
  const { port } = await start({}, () => ({
    onRequest: (stream: H2Stream) => stream.respond(encodeFields([[':status', '404']]), true),
    onData() {},
    onTrailers() {},
    onWritable() {},
    onClose: (_, code) => closed.push(code),
    onReadEnd() {},
  }));
  const peer = await begunPeer(port);
  peer.send(stream1Later, frame('data', 0, 1, '00'), end1);
  expect((await peer.nextOf('headers', 1)).flag).toBe(5);
  expect(await peer.verdict()).toBe('rstStream 1 noError');
  expect(await peer.settled()).toEqual([]);
  expect(closed).toEqual([undefined]);
});

test('a peer that is gone closes its streams', async () => {
  const served = await start();
  const peer = await begunPeer(served.port);
  peer.send(stream1Later);
  await peer.settled();
  const [connection] = served.server.connections();
  peer.socket.resetAndDestroy();
  await once(peer.socket, 'close');
  while ([...served.server.connections()].length > 0) await new Promise(setImmediate);
  expect([served.resets, connection?.openStreams()]).toEqual([[8], 0]);
});
