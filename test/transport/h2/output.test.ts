/** How answers reach a socket: in few writes, in order, and no faster than it takes them. */

import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { frameTypes } from '../../../src/transport/h2/frame.ts';
import { FrameReader } from '../../../src/transport/h2/frame-reader.ts';
import { encodeFields } from '../../../src/transport/h2/hpack/encoder.ts';
import type { H2Limits } from '../../../src/transport/h2/limits.ts';
import { prepareAnswer } from '../../../src/transport/h2/prepared-answer.ts';
import { createH2Server } from '../../../src/transport/h2/server.ts';
import type { H2Stream } from '../../../src/transport/h2/stream.ts';
import { frame, preface, request, settings, uint32 } from './raw-peer.ts';
import { roomyLimits } from './served.ts';

/** A socket that takes one write at a time, when the test lets it. */
class SlowSocket extends Duplex {
  readonly remoteAddress = '127.0.0.1';
  readonly written: Buffer[] = [];
  isSlow = false;
  #take: (() => void) | undefined;

  override _read(): void {}

  override _write(chunk: Buffer, _: unknown, done: () => void): void {
    const take = () => {
      // A copy of what is there now: the buffer may not have been used again before.
      this.written.push(Buffer.from(chunk));
      done();
    };
    if (this.isSlow) this.#take = take;
    else take();
  }

  /** Takes what waits, and the rest without delay. */
  release(): void {
    this.isSlow = false;
    this.#take?.();
  }
}

const head = encodeFields([[':status', '200']]);
const turn = () => new Promise(resolve => setImmediate(resolve));

/** A connection with a handler that answers with `bytes`, or keeps the stream for later. */
function connected(bytes: number, limits: Partial<H2Limits> = {}) {
  const socket = new SlowSocket();
  const kept: H2Stream[] = [];
  let writable = 0;
  const answer = prepareAnswer(head, Buffer.alloc(bytes, 'x'), head);
  const server = createH2Server({
    limits: {
      ...roomyLimits,
      streamsMax: 10_000,
      workMax: Number.POSITIVE_INFINITY,
      ...limits,
    },
    createHandler: () => ({
      onRequest(stream) {
        if (stream.request.path === '/later') kept.push(stream);
        else stream.answer(answer);
      },
      onData() {},
      onTrailers() {},
      onWritable() {
        writable++;
      },
      onClose() {},
      onReadEnd() {},
    }),
    onFault() {},
    onBug(error) {
      throw error;
    },
    notHttp2: Buffer.alloc(0),
  });
  server.accept(socket as unknown as Socket);
  const [connection] = server.connections();
  if (connection === undefined) throw new Error('no connection');
  const send = async (...frames: Buffer[]) => {
    socket.push(Buffer.concat(frames));
    await turn();
  };
  const framesOf = () => {
    const seen: [type: number, id: number][] = [];
    const reader = new FrameReader(1e6, (type, _, id) => seen.push([type, id]));
    for (const chunk of socket.written) reader.read(chunk);
    return seen;
  };
  return { socket, send, connection, kept, framesOf, answer, writable: () => writable };
}

const start = [preface, settings([4, 2 ** 31 - 1]), frame('windowUpdate', 0, 0, uint32(2 ** 30))];
const requests = (from: number, count: number, path = '/') =>
  Array.from({ length: count }, (_, n) => request(from + 2 * n, path));

test('all answers of one read are one write', async () => {
  const { socket, send, framesOf } = connected(100);
  await send(...start, ...requests(1, 50));
  expect(socket.written).toHaveLength(1);
  expect(framesOf().filter(([type]) => type === frameTypes.data)).toHaveLength(50);
});

test('answers of one turn that come later are one write', async () => {
  const { socket, send, kept, answer } = connected(100);
  await send(...start, ...requests(1, 20, '/later'));
  const before = socket.written.length;
  for (const stream of kept) stream.answer(answer);
  expect(socket.written).toHaveLength(before);
  await turn();
  expect(socket.written).toHaveLength(before + 1);
});

test('a peer that does not read is not read from, and gets all once it reads', async () => {
  const { socket, send, connection, framesOf } = connected(10_000, { outputBytesMax: 100_000 });
  await send(...start);
  socket.isSlow = true;
  await send(...requests(1, 1));
  expect(socket.isPaused()).toBe(false);
  await send(...requests(3, 200));
  expect(socket.isPaused()).toBe(true);
  await send(...requests(403, 1));
  expect(connection.openStreams()).toBeLessThan(200);
  expect(connection.heldBytes).toBeGreaterThan(1_900_000);
  socket.release();
  await turn();
  await turn();
  expect(socket.isPaused()).toBe(false);
  const data = framesOf().filter(([type]) => type === frameTypes.data);
  expect(data.map(([, id]) => id)).toEqual(Array.from({ length: 202 }, (_, n) => 1 + 2 * n));
  expect(connection.heldBytes).toBe(0);
});

test('a buffer is not written to while the socket has it', async () => {
  const { socket, send, framesOf } = connected(3000);
  await send(...start);
  socket.isSlow = true;
  for (let n = 0; n < 60; n++) await send(...requests(1 + 20 * n, 10));
  socket.release();
  await turn();
  const ids = framesOf()
    .filter(([type]) => type === frameTypes.data)
    .map(([, id]) => id);
  expect(ids).toEqual(Array.from({ length: 600 }, (_, n) => 1 + 2 * n));
});

test('a stream writes on when what it wrote was taken, and is told once', async () => {
  const { socket, send, kept, writable, framesOf } = connected(0, { outputBytesMax: 1000 });
  await send(...start, ...requests(1, 1, '/later'));
  const [stream] = kept;
  socket.isSlow = true;
  stream?.respond(head);
  expect(stream?.write(Buffer.alloc(2000))).toBe(true);
  await turn();
  expect(stream?.write(Buffer.alloc(2000))).toBe(false);
  expect(stream?.write(Buffer.alloc(2000))).toBe(false);
  expect(writable()).toBe(0);
  socket.release();
  await turn();
  await turn();
  expect(writable()).toBe(1);
  stream?.end();
  await turn();
  expect(framesOf().filter(([type]) => type === frameTypes.data)).toHaveLength(4);
});

test('GOAWAY comes after the answers that wait, and then the end', async () => {
  const { socket, send, connection, framesOf } = connected(100);
  await send(...start);
  socket.isSlow = true;
  await send(...requests(1, 3));
  await send(...requests(7, 3));
  connection.fail(0);
  await turn();
  expect(socket.writableEnded).toBe(false);
  socket.release();
  await turn();
  expect(socket.writableEnded).toBe(true);
  expect(framesOf().at(-1)).toEqual([frameTypes.goaway, 0]);
  expect(framesOf().filter(([type]) => type === frameTypes.data)).toHaveLength(6);
  socket.destroy();
});
