/** What each frame may and may not do, by the sections of RFC 9113. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  begunPeer,
  frame,
  preface,
  rawPeer,
  request,
  requestBlock,
  settings,
  uint32,
} from './raw-peer.ts';
import { type Served, serve } from './served.ts';

let served: Served;
beforeAll(async () => {
  served = await serve();
});
afterAll(async () => {
  await served.stop();
  expect(served.bugs).toEqual([]);
});

/** HEADERS of a request whose content follows. */
const open = (id: number) => request(id, '/', 4);
const whole = (id: number) => request(id, '/');

/** Frames, and what the server does to the connection or the stream. */
const rules: [rule: string, frames: Buffer[], verdict: string][] = [
  [
    '4.2: longer than 16,384',
    [open(1), frame('data', 0, 1, Buffer.alloc(16_385))],
    'goaway frameSizeError: a frame is longer than allowed',
  ],
  [
    '4.3: a block that is none',
    [frame('headers', 5, 1, 'bf')],
    'goaway compressionError: an index has no entry',
  ],
  [
    '5.1: DATA on an idle stream',
    [frame('data', 0, 1, '00')],
    'goaway protocolError: a frame on an idle stream',
  ],
  [
    '5.1: RST_STREAM on an idle stream',
    [frame('rstStream', 0, 1, uint32(8))],
    'goaway protocolError: a frame on an idle stream',
  ],
  [
    '5.1: WINDOW_UPDATE on an idle stream',
    [frame('windowUpdate', 0, 1, uint32(1))],
    'goaway protocolError: a frame on an idle stream',
  ],
  [
    '5.1: DATA on a closed stream',
    [whole(1), frame('data', 0, 1, '00')],
    'rstStream 1 streamClosed',
  ],
  [
    '5.1: DATA after END_STREAM, waiting',
    [settings([4, 0]), whole(1), frame('data', 0, 1, '00')],
    'rstStream 1 streamClosed',
  ],
  [
    '5.1: HEADERS after END_STREAM, waiting',
    [settings([4, 0]), whole(1), whole(1)],
    'rstStream 1 streamClosed',
  ],
  [
    '5.1: HEADERS on a closed stream',
    [whole(1), whole(1)],
    'goaway streamClosed: HEADERS on a closed stream',
  ],
  [
    '5.1.1: an even id',
    [whole(2)],
    'goaway protocolError: a client opens a stream with an even id',
  ],
  [
    '5.1.1: an id lower than the last',
    [whole(5), whole(3)],
    'goaway protocolError: a stream id is not larger than the last',
  ],
  ['6.1: DATA on stream 0', [frame('data', 0, 0, '00')], 'goaway protocolError: DATA on stream 0'],
  ['6.1: as much padding as payload', [open(1), frame('data', 8, 1, '0100')], 'none'],
  [
    '6.1: more padding than payload',
    [open(1), frame('data', 8, 1, '0200')],
    'goaway protocolError: a frame has more padding than payload',
  ],
  [
    '6.1: padded, and empty',
    [open(1), frame('data', 8, 1)],
    'goaway frameSizeError: a padded frame has no length of its padding',
  ],
  [
    '6.2: HEADERS on stream 0',
    [frame('headers', 5, 0, requestBlock('/'))],
    'goaway protocolError: HEADERS on stream 0',
  ],
  [
    '6.2: padding beyond the block',
    [frame('headers', 13, 1, 'ff82')],
    'goaway protocolError: a frame has more padding than payload',
  ],
  [
    '6.2: too short for a priority',
    [frame('headers', 0x25, 1, '8282')],
    'goaway frameSizeError: HEADERS are too short for a priority',
  ],
  [
    '6.2: another frame inside of a block',
    [request(1, '/', 1), frame('ping', 0, 0, '0000000000000000')],
    'goaway protocolError: a frame comes inside of a header block',
  ],
  [
    '6.2: HEADERS inside of a block',
    [request(1, '/', 1), whole(3)],
    'goaway protocolError: a frame comes inside of a header block',
  ],
  [
    '6.2: an unknown type inside of a block',
    [request(1, '/', 1), frame(99, 0, 1)],
    'goaway protocolError: a frame comes inside of a header block',
  ],
  [
    '6.3: PRIORITY on stream 0',
    [frame('priority', 0, 0, '0000000310')],
    'goaway protocolError: PRIORITY on stream 0',
  ],
  [
    '6.3: PRIORITY of a wrong length',
    [open(1), frame('priority', 0, 1, '00000003')],
    'rstStream 1 frameSizeError',
  ],
  [
    '6.3: the same on an idle stream',
    [frame('priority', 0, 1, '00000003')],
    'goaway frameSizeError: a faulty frame on an idle stream',
  ],
  [
    'RFC 7540 5.3.1: a stream depends on itself',
    [frame('priority', 0, 1, '0000000110')],
    'goaway protocolError: a stream depends on itself',
  ],
  [
    '6.4: RST_STREAM on stream 0',
    [frame('rstStream', 0, 0, uint32(8))],
    'goaway protocolError: RST_STREAM on stream 0',
  ],
  [
    '6.4: RST_STREAM of a wrong length',
    [open(1), frame('rstStream', 0, 1, '000000')],
    'goaway frameSizeError: RST_STREAM of a wrong length',
  ],
  [
    '6.5: SETTINGS on a stream',
    [frame('settings', 0, 1)],
    'goaway protocolError: SETTINGS on a stream',
  ],
  [
    '6.5: an acknowledgement with a payload',
    [frame('settings', 1, 0, '000000000000')],
    'goaway frameSizeError: an acknowledgement of SETTINGS has a payload',
  ],
  [
    '6.5: SETTINGS of a wrong length',
    [frame('settings', 0, 0, '0000000000')],
    'goaway frameSizeError: SETTINGS of a wrong length',
  ],
  [
    '6.5.2: ENABLE_PUSH of 2',
    [settings([2, 2])],
    'goaway protocolError: a setting is neither 0 nor 1',
  ],
  [
    'RFC 9218, 2.1: NO_RFC7540_PRIORITIES of 2',
    [settings([9, 2])],
    'goaway protocolError: a setting is neither 0 nor 1',
  ],
  [
    '6.5.2: INITIAL_WINDOW_SIZE of 2^31',
    [settings([4, 2 ** 31])],
    'goaway flowControlError: too large a window',
  ],
  [
    '6.5.2: MAX_FRAME_SIZE below 16,384',
    [settings([5, 16_383])],
    'goaway protocolError: MAX_FRAME_SIZE is out of range',
  ],
  [
    '6.5.2: MAX_FRAME_SIZE of 2^24',
    [settings([5, 2 ** 24])],
    'goaway protocolError: MAX_FRAME_SIZE is out of range',
  ],
  [
    '6.5.2: settings that are unknown or at their bounds',
    [settings([2, 1], [4, 2 ** 31 - 1], [5, 2 ** 24 - 1], [77, 1])],
    'none',
  ],
  [
    '6.6: PUSH_PROMISE',
    [open(1), frame('pushPromise', 4, 1, '0000000282')],
    'goaway protocolError: a client may not push',
  ],
  [
    '6.7: PING on a stream',
    [frame('ping', 0, 1, '0000000000000000')],
    'goaway protocolError: PING on a stream',
  ],
  [
    '6.7: PING of a wrong length',
    [frame('ping', 0, 0, '00000000000000')],
    'goaway frameSizeError: PING of a wrong length',
  ],
  [
    '6.8: GOAWAY on a stream',
    [frame('goaway', 0, 1, '0000000000000000')],
    'goaway protocolError: GOAWAY on a stream',
  ],
  [
    '6.8: GOAWAY of a wrong length',
    [frame('goaway', 0, 0, '00000000000000')],
    'goaway frameSizeError: GOAWAY of a wrong length',
  ],
  [
    '6.8: GOAWAY, after which streams go on',
    [open(1), frame('goaway', 0, 0, '0000000000000000'), frame('data', 1, 1)],
    'none',
  ],
  [
    '6.9: WINDOW_UPDATE of a wrong length',
    [frame('windowUpdate', 0, 0, '000000')],
    'goaway frameSizeError: WINDOW_UPDATE of a wrong length',
  ],
  [
    '6.9: WINDOW_UPDATE of 0 on the connection',
    [frame('windowUpdate', 0, 0, uint32(0))],
    'goaway protocolError: WINDOW_UPDATE of 0',
  ],
  [
    '6.9: WINDOW_UPDATE of 0 on a stream',
    [open(1), frame('windowUpdate', 0, 1, uint32(0))],
    'rstStream 1 protocolError',
  ],
  [
    '6.9.1: the largest window of the connection',
    [frame('windowUpdate', 0, 0, uint32(2 ** 31 - 1 - 65_535))],
    'none',
  ],
  [
    '6.9.1: too large a window of the connection',
    [frame('windowUpdate', 0, 0, uint32(2 ** 31 - 65_535))],
    'goaway flowControlError: the window of the connection is too large',
  ],
  [
    '6.9.1: too large a window of a stream',
    [open(1), frame('windowUpdate', 0, 1, uint32(2 ** 31 - 65_535))],
    'rstStream 1 flowControlError',
  ],
  [
    '6.9.2: SETTINGS that make a window too large',
    [open(1), frame('windowUpdate', 0, 1, uint32(2 ** 30)), settings([4, 2 ** 30])],
    'goaway flowControlError: the window of a stream is too large',
  ],
  [
    '6.10: CONTINUATION without HEADERS',
    [frame('continuation', 4, 1, '82')],
    'goaway protocolError: CONTINUATION without HEADERS before it',
  ],
  [
    '6.10: CONTINUATION after END_HEADERS',
    [open(1), frame('continuation', 4, 1, '82')],
    'goaway protocolError: CONTINUATION without HEADERS before it',
  ],
  [
    '6.10: CONTINUATION of another stream',
    [request(1, '/', 1), frame('continuation', 4, 3, '82')],
    'goaway protocolError: CONTINUATION without HEADERS before it',
  ],
  ['5.5: an unknown type', [frame(99, 255, 0, '00'), frame(99, 0, 7, '00')], 'none'],
  [
    '8.1: trailers that do not end the stream',
    [open(1), frame('headers', 4, 1, '0001780179')],
    'rstStream 1 protocolError',
  ],
  [
    '8.1: a pseudo-header field in trailers',
    [open(1), frame('headers', 5, 1, '82')],
    'rstStream 1 protocolError',
  ],
  ['8.1: trailers', [open(1), frame('headers', 5, 1, '0001780179')], 'none'],
  [
    '8.1.1: less content than announced',
    [request(1, '/', 4, ['content-length', '2']), frame('data', 1, 1, '00')],
    'rstStream 1 protocolError',
  ],
  [
    '8.1.1: more content than announced',
    [request(1, '/', 4, ['content-length', '2']), frame('data', 0, 1, '000000')],
    'rstStream 1 protocolError',
  ],
  [
    '8.1.1: less content before trailers',
    [request(1, '/', 4, ['content-length', '2']), frame('headers', 5, 1, '0001780179')],
    'rstStream 1 protocolError',
  ],
  [
    '8.1.1: announced content that does not come',
    [request(1, '/', 5, ['content-length', '2'])],
    'rstStream 1 protocolError',
  ],
  [
    '8.1.1: content as announced, with padding',
    [request(1, '/', 4, ['content-length', '2']), frame('data', 9, 1, '0100ff00')],
    'none',
  ],
];

/** The kind that metrics count a violation as. */
function faultOf(rule: string, verdict: string): string {
  if (rule.startsWith('8.')) return 'malformed-request';
  if (verdict.includes('frameSize')) return 'frame-size';
  if (verdict.includes('streamClosed')) return 'stream-closed';
  if (verdict.includes('flowControl')) return 'flow-control';
  return verdict.includes('compression') ? 'compression' : 'protocol';
}

test.each(rules)('%s', async (rule, frames, verdict) => {
  const peer = await begunPeer(served.port);
  served.faults.length = 0;
  peer.send(...frames);
  if (verdict === 'none') {
    peer.send(whole(9));
    const seen = await peer.settled();
    expect(seen.filter(({ type }) => type === 'goaway' || type === 'rstStream')).toEqual([]);
    expect(seen.some(({ type, id }) => type === 'headers' && id === 9)).toBe(true);
    return;
  }
  expect(await peer.verdict()).toBe(verdict);
  expect(served.faults).toEqual([faultOf(rule, verdict)]);
  if (verdict.startsWith('goaway')) {
    peer.socket.end();
    return peer.closed();
  }
  // Other streams go on.
  peer.send(whole(9));
  await peer.nextOf('headers', 9);
});

test.each([
  ['nothing but the preface and another frame', frame('ping', 0, 0, '0000000000000000')],
  ['an acknowledgement', frame('settings', 1, 0)],
])('3.4: the first frame is SETTINGS: not %s', async (_, first) => {
  const peer = await rawPeer(served.port);
  peer.send(preface, first);
  expect(await peer.verdict()).toBe('goaway protocolError: the first frame is not SETTINGS');
});

test('5.1: what was on its way to a stream that the server reset is ignored', async () => {
  const peer = await begunPeer(served.port);
  const bad = request(1, '/', 4, ['connection', 'close']);
  peer.send(bad, frame('data', 0, 1, '00'), frame('windowUpdate', 0, 1, uint32(5)));
  peer.send(frame('headers', 5, 1, '4001610162'));
  expect(await peer.verdict()).toBe('rstStream 1 protocolError');
  // The block that was ignored has changed the table, to which this one refers.
  const block = Buffer.concat([requestBlock('/'), Buffer.of(0xbe)]);
  peer.send(frame('headers', 5, 3, block));
  const seen = await peer.settled();
  expect(seen.filter(({ type }) => type === 'goaway' || type === 'rstStream')).toEqual([]);
  expect(seen.some(({ type, id }) => type === 'data' && id === 3)).toBe(true);
});

test('6.10: a block in many frames, some of them empty', async () => {
  const peer = await begunPeer(served.port);
  const block = requestBlock('/in/parts', ['x-long', 'y'.repeat(40)]);
  const parts = [block.subarray(0, 3), block.subarray(3, 20), Buffer.alloc(0), block.subarray(20)];
  parts.forEach((part, n) => {
    const isLast = n === parts.length - 1;
    peer.send(frame(n === 0 ? 'headers' : 'continuation', isLast ? 4 : n === 0 ? 1 : 0, 1, part));
  });
  expect((await peer.nextOf('data', 1)).payload.toString()).toBe('/in/parts');
});
