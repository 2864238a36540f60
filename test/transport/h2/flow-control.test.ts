/** Flow control both ways (RFC 9113 sections 5.2 and 6.9). */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeFields } from '../../../src/transport/h2/hpack/encoder.ts';
import { prepareAnswer } from '../../../src/transport/h2/prepared-answer.ts';
import type { H2Handler } from '../../../src/transport/h2/stream.ts';
import { begunPeer, frame, type RawPeer, request, settings, uint32 } from './raw-peer.ts';
import { type Served, serve } from './served.ts';

let served: Served;
beforeAll(async () => {
  served = await serve({ streamWindowBytes: 65_535, connectionWindowBytes: 100_000 });
});
afterAll(async () => {
  await served.stop();
  expect(served.bugs).toEqual([]);
});

const bytesOf = async (peer: RawPeer, id: number) => {
  const seen = await peer.settled();
  return seen
    .filter(each => each.type === 'data' && each.id === id)
    .reduce((sum, { payload }) => sum + payload.length, 0);
};
const initialWindow = 4;

describe('what the server sends', () => {
  test.each(['/prepared', '/slowly'])('waits for the window of the stream: %s', async path => {
    const peer = await begunPeer(served.port, [initialWindow, 3]);
    peer.send(request(1, path));
    expect(await bytesOf(peer, 1)).toBe(3);
    peer.send(frame('windowUpdate', 0, 1, uint32(2)));
    expect(await bytesOf(peer, 1)).toBe(2);
    peer.send(frame('windowUpdate', 0, 1, uint32(1000)));
    const end = await peer.next(({ type, flag }) => type === 'headers' && flag === 5);
    expect(end.id).toBe(1);
  });

  test('is whole with the longest HEADERS and DATA that a frame takes', async () => {
    const full = Buffer.alloc(16_384);
    const own = await serve({}, () => ({
      onRequest: stream => stream.answer(prepareAnswer(full, full)),
      onData() {},
      onTrailers() {},
      onWritable() {},
      onClose() {},
      onReadEnd() {},
    }));
    const peer = await begunPeer(own.port);
    peer.send(request(1, '/'));
    expect((await peer.nextOf('headers', 1)).payload).toHaveLength(full.length);
    expect(await bytesOf(peer, 1)).toBe(full.length);
    await own.stop();
    expect(own.bugs).toEqual([]);
  });

  test('waits for SETTINGS that open the windows, acknowledged before (6.5.3)', async () => {
    const peer = await begunPeer(served.port, [initialWindow, 0]);
    peer.send(request(1, '/abc'), request(3, '/abc'));
    await peer.settled();
    peer.send(settings([initialWindow, 2]));
    const seen = await peer.settled();
    expect(seen.map(({ type, id }) => [type, id])).toEqual([
      ['settings', 0],
      ['data', 1],
      ['data', 3],
    ]);
  });

  test('waits when SETTINGS make a window negative (6.9.2)', async () => {
    const peer = await begunPeer(served.port, [initialWindow, 4]);
    peer.send(request(1, '/abcdefgh'));
    expect(await bytesOf(peer, 1)).toBe(4);
    peer.send(settings([initialWindow, 1]), frame('windowUpdate', 0, 1, uint32(3)));
    expect(await bytesOf(peer, 1)).toBe(0);
    peer.send(frame('windowUpdate', 0, 1, uint32(2)));
    expect(await bytesOf(peer, 1)).toBe(2);
  });

  test('waits for the window of the connection, and streams take turns', async () => {
    const peer = await begunPeer(served.port, [initialWindow, 2 ** 31 - 1]);
    const upload = (id: number) =>
      [4, 1].map((_, n) => frame('data', n, id, Buffer.alloc(n === 0 ? 16_384 : 16_000)));
    for (const id of [1, 3, 5]) peer.send(request(id, '/', 4), ...upload(id));
    // 65,535 bytes in all: the first two answers, and a little of the third.
    const seen = await peer.settled();
    const sum = seen.reduce((n, each) => n + (each.type === 'data' ? each.payload.length : 0), 0);
    expect(sum).toBe(65_535);
    peer.send(request(7, '/late'));
    expect(await bytesOf(peer, 7)).toBe(0);
    peer.send(frame('windowUpdate', 0, 0, uint32(100_000)));
    const rest = await peer.settled();
    const ids = rest.filter(({ type }) => type === 'data').map(({ id }) => id);
    expect(ids[0]).toBe(5);
    expect(new Set(ids)).toEqual(new Set([5, 7]));
  });

  test('is cut into frames of at most 16,384 bytes, headers too (4.2, 6.10)', async () => {
    const blocks = {
      head: encodeFields([
        [':status', '200'],
        ['x', '~'.repeat(40_000)],
      ]),
    };
    const handler = (): H2Handler => ({
      onRequest: stream =>
        stream.answer(prepareAnswer(blocks.head, Buffer.alloc(20_000), blocks.head)),
      onData() {},
      onTrailers() {},
      onWritable() {},
      onClose() {},
      onReadEnd() {},
    });
    const own = await serve({}, handler);
    const peer = await begunPeer(own.port, [5, 100_000]);
    peer.send(request(1, '/'));
    const seen = await peer.settled();
    const sizes = seen
      .filter(({ id }) => id === 1)
      .map(({ type, flag, payload }) => [type, flag, payload.length]);
    const cut = (flag: number) => [
      ['headers', flag, 16_384],
      ['continuation', 0, 16_384],
      ['continuation', 4, blocks.head.length - 32_768],
    ];
    expect(sizes).toEqual([...cut(0), ['data', 0, 16_384], ['data', 0, 3616], ...cut(1)]);
    await own.stop();
  });

  test('a reset forgets what waits', async () => {
    const peer = await begunPeer(served.port, [initialWindow, 1]);
    peer.send(request(1, '/abc'), frame('rstStream', 0, 1, uint32(8)));
    peer.send(frame('windowUpdate', 0, 1, uint32(100)), request(3, '/x'));
    const seen = await peer.settled();
    const data = seen.filter(({ type }) => type === 'data');
    expect(data.map(({ id, payload }) => [id, payload.length])).toEqual([
      [1, 1],
      [3, 1],
    ]);
  });
});

describe('what the server takes', () => {
  test('more than the window of a stream resets it, and the connection goes on', async () => {
    const peer = await begunPeer(served.port);
    peer.send(request(1, '/never', 4));
    for (let n = 0; n < 4; n++) peer.send(frame('data', 0, 1, Buffer.alloc(16_384)));
    expect(await peer.verdict()).toBe('rstStream 1 flowControlError');
    // What it had taken of the window of the connection is given back.
    const update = await peer.nextOf('windowUpdate', 0);
    expect(update.payload.readUInt32BE()).toBe(65_536);
  });

  test('more than the window of the connection ends it', async () => {
    const peer = await begunPeer(served.port);
    for (const id of [1, 3]) {
      peer.send(request(id, '/never', 4));
      for (let n = 0; n < 3; n++) peer.send(frame('data', 0, id, Buffer.alloc(16_384)));
    }
    peer.send(request(5, '/never', 4), frame('data', 0, 5, Buffer.alloc(1696)));
    await peer.settled();
    peer.send(frame('data', 0, 5, Buffer.of(0)));
    expect(await peer.verdict()).toBe(
      'goaway flowControlError: more content than the window of the connection allows',
    );
  });

  test('is announced again as it is consumed, padding included', async () => {
    const peer = await begunPeer(served.port);
    peer.send(request(1, '/', 4));
    const padded = Buffer.alloc(16_384);
    padded[0] = 255;
    for (let n = 0; n < 10; n++) {
      peer.send(frame('data', 8, 1, padded), frame('data', 8, 1, padded));
      const update = await peer.nextOf('windowUpdate', 1);
      expect(update.payload.readUInt32BE()).toBe(32_768);
    }
  });

  test('content of streams that are over counts, and is given back (5.1)', async () => {
    const peer = await begunPeer(served.port);
    peer.send(request(1, '/', 4, ['connection', 'x']));
    for (let n = 0; n < 20; n++) {
      peer.send(frame('data', 0, 1, Buffer.alloc(16_384)));
      if (n % 4 === 3) await peer.nextOf('windowUpdate', 0);
    }
    expect((await peer.settled()).filter(({ type }) => type === 'goaway')).toEqual([]);
  });
});
