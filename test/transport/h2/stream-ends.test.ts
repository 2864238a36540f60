/** How a request ends, and what may still come for a stream that is over (RFC 9113 sections 5.1 and 8.1). */

import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeFields } from '../../../src/transport/h2/hpack/encoder.ts';
import type { H2Stream } from '../../../src/transport/h2/stream.ts';
import { begunPeer, frame, request, uint32 } from './raw-peer.ts';
import { type Served, serve } from './served.ts';

let served: Served;
beforeAll(async () => {
  served = await serve();
});
afterAll(async () => {
  await served.stop();
  expect(served.bugs).toEqual([]);
});

const length = (bytes: number) => ['content-length', String(bytes)] as [string, string];

test.each([
  ['with its HEADERS', [request(1, '/a', 5)], '/a'],
  ['with its HEADERS, which announce nothing', [request(1, '/a', 5, length(0))], '/a'],
  ['with its content', [request(1, '/a', 4), frame('data', 1, 1, '6263')], '/abc'],
  [
    'with the rest of what it announced',
    [request(1, '/a', 4, length(2)), frame('data', 0, 1, '62'), frame('data', 1, 1, '63')],
    '/abc',
  ],
  [
    'with an empty frame after what it announced',
    [request(1, '/a', 4, length(2)), frame('data', 0, 1, '6263'), frame('data', 1, 1)],
    '/abc',
  ],
  [
    'with trailers',
    [
      request(1, '/a', 4, length(2)),
      frame('data', 0, 1, '6263'),
      frame('headers', 5, 1, '0001780179'),
    ],
    '/abc',
  ],
])('a request ends %s', async (_, frames, answer) => {
  const peer = await begunPeer(served.port);
  peer.send(...frames);
  expect((await peer.nextOf('data', 1)).payload.toString()).toBe(answer);
});

test.each([
  ['0', [request(1, '/a', 4, length(0)), frame('data', 0, 1, '62')]],
  ['2', [request(1, '/a', 4, length(2)), frame('data', 0, 1, '6263'), frame('data', 0, 1, '64')]],
  ['2, which end in one', [request(1, '/a', 4, length(2)), frame('data', 1, 1, '62')]],
])('content other than the announced bytes: %s', async (_, frames) => {
  const peer = await begunPeer(served.port);
  peer.send(...frames);
  expect(await peer.verdict()).toBe('rstStream 1 protocolError');
});

test.each([
  ['RST_STREAM', frame('rstStream', 0, 1, uint32(8))],
  ['WINDOW_UPDATE', frame('windowUpdate', 0, 1, uint32(5))],
  ['WINDOW_UPDATE of 0', frame('windowUpdate', 0, 1, uint32(0))],
  ['PRIORITY', frame('priority', 0, 1, '0000000310')],
])('a stream that is over: %s is ignored', async (_, late) => {
  const peer = await begunPeer(served.port);
  peer.send(request(1, '/a'));
  await peer.next(({ type, flag, id }) => type === 'headers' && id === 1 && (flag & 1) === 1);
  peer.send(late);
  expect(await peer.settled()).toEqual([]);
});

test.each([
  ['DATA', frame('data', 0, 2, '00')],
  ['RST_STREAM', frame('rstStream', 0, 2, uint32(8))],
  ['WINDOW_UPDATE', frame('windowUpdate', 0, 2, uint32(5))],
])('an even id, below the last one: %s is on an idle stream', async (_, wrong) => {
  const peer = await begunPeer(served.port);
  peer.send(request(5, '/a'), wrong);
  expect(await peer.verdict()).toBe('goaway protocolError: a frame on an idle stream');
});

test('an answer to a PING that the server did not send is not answered', async () => {
  const peer = await begunPeer(served.port);
  peer.send(frame('ping', 1, 0, '0102030405060708'));
  expect(await peer.settled()).toEqual([]);
});

test('a handler resets a stream once, and whatever it does afterwards is not sent', async () => {
  const closed: (number | undefined)[] = [];
  const status = (code: number) => encodeFields([[':status', String(code)]]);
  const ignore = () => {};
  const { port, stop, bugs } = await serve({}, () => ({
    onRequest(stream: H2Stream) {
      stream.interim(status(103));
      stream.respond(status(200));
      // The HEADERS were sent: no other may follow.
      stream.interim(status(103));
      stream.respond(status(500));
      if (stream.request.path === '/whole') return stream.end();
      stream.reset(8);
      stream.reset(2);
      stream.interim(status(103));
      stream.respond(status(500));
      stream.consumed(5);
      expect(stream.write(Buffer.from('late'))).toBe(true);
      stream.end();
    },
    onData: ignore,
    onTrailers: ignore,
    onWritable: ignore,
    onClose: (_, code) => closed.push(code),
    onReadEnd: ignore,
  }));
  const peer = await begunPeer(port);
  const seen = async (id: number, path: string) => {
    peer.send(request(id, path));
    const frames = await peer.settled();
    return frames.map(({ type, flag }) => `${type} ${flag}`);
  };
  expect(await seen(1, '/reset')).toEqual(['headers 4', 'headers 4', 'rstStream 0']);
  expect(await seen(3, '/whole')).toEqual(['headers 4', 'headers 4', 'data 1']);
  expect([closed, bugs]).toEqual([[8, undefined], []]);
  await stop();
});
