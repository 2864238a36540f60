/** Frames are found in any cut of the bytes. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ConnectionError, errorCodes, writeHead } from '../../../src/transport/h2/frame.ts';
import { FrameReader } from '../../../src/transport/h2/frame-reader.ts';

interface Frame {
  type: number;
  flag: number;
  streamId: number;
  payload: string;
}

function bytesOf({ type, flag, streamId, payload }: Frame): Buffer {
  const body = Buffer.from(payload, 'latin1');
  const bytes = Buffer.alloc(9 + body.length);
  writeHead(bytes, 0, body.length, type, flag, streamId);
  bytes.set(body, 9);
  return bytes;
}

function framesOf(chunks: Buffer[], frameBytesMax = 1000): Frame[] {
  const frames: Frame[] = [];
  const reader = new FrameReader(frameBytesMax, (type, flag, streamId, bytes, at, end) => {
    frames.push({ type, flag, streamId, payload: bytes.toString('latin1', at, end) });
  });
  for (const chunk of chunks) reader.read(chunk);
  return frames;
}

const frames: Frame[] = [
  { type: 4, flag: 0, streamId: 0, payload: '' },
  { type: 1, flag: 5, streamId: 1, payload: 'a block' },
  { type: 0, flag: 1, streamId: 2 ** 31 - 1, payload: 'x'.repeat(300) },
  { type: 250, flag: 255, streamId: 3, payload: '' },
  { type: 6, flag: 0, streamId: 0, payload: '12345678' },
];
const whole = Buffer.concat(frames.map(bytesOf));

function cut(...at: number[]): Buffer[] {
  const ends = [...at.sort((a, b) => a - b), whole.length];
  return ends.map((end, n) => whole.subarray(ends[n - 1] ?? 0, end));
}

test('in one chunk, byte by byte, and in all pairs of cuts', () => {
  expect(framesOf([whole])).toEqual(frames);
  expect(framesOf([...whole].map(byte => Buffer.of(byte)))).toEqual(frames);
  for (let first = 0; first <= whole.length; first++) {
    for (let second = first; second <= whole.length; second += 3) {
      expect(framesOf(cut(first, second))).toEqual(frames);
    }
  }
});

test('in any frames and cuts', () => {
  const anyFrame = fc.record({
    type: fc.nat(255),
    flag: fc.nat(255),
    streamId: fc.nat(2 ** 31 - 1),
    payload: fc.string({ unit: 'binary-ascii', maxLength: 40 }),
  });
  fc.assert(
    fc.property(fc.array(anyFrame), fc.array(fc.integer({ min: 1, max: 30 })), (sent, sizes) => {
      const bytes = Buffer.concat(sent.map(bytesOf));
      const chunks: Buffer[] = [];
      for (let at = 0, n = 0; at < bytes.length; n++) {
        const end = at + (sizes[n] ?? 7);
        chunks.push(bytes.subarray(at, end));
        at = end;
      }
      expect(framesOf(chunks)).toEqual(sent);
    }),
  );
});

test('the reserved bit of a stream id is ignored (4.1)', () => {
  const bytes = bytesOf({ type: 0, flag: 0, streamId: 5, payload: '' });
  bytes[5] = 0x80;
  expect(framesOf([bytes])).toMatchObject([{ streamId: 5 }]);
});

test.each([
  ['whole', [14]],
  ['after its head', [9, 5]],
  ['inside its head', [4, 5, 5]],
])('a frame that is too long is refused when its length is known: %s', (_, sizes) => {
  const bytes = bytesOf({ type: 0, flag: 0, streamId: 1, payload: 'x'.repeat(1001) });
  let at = 0;
  const chunks = sizes.map(size => {
    at += size;
    return bytes.subarray(at - size, at);
  });
  const thrown = (() => {
    try {
      return framesOf(chunks);
    } catch (error) {
      return error;
    }
  })();
  expect(thrown).toBeInstanceOf(ConnectionError);
  expect(thrown).toMatchObject({ code: errorCodes.frameSizeError });
});
