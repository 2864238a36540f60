/** Whole responses that are made once and sent often. */

import { expect, test } from 'vitest';
import { FrameReader } from '../../../src/transport/h2/frame-reader.ts';
import { prepareAnswer } from '../../../src/transport/h2/prepared-answer.ts';

const headers = Buffer.from('the headers');
const trailers = Buffer.from('the end');
const most = 16_384;

/** Type, flags, stream and payload of each frame. */
function framesOf(bytes: Buffer | undefined): string[] {
  const frames: string[] = [];
  const reader = new FrameReader(most, (type, flag, id, all, at, end) => {
    frames.push(`${type} ${flag} ${id} ${all.toString('latin1', at, end)}`);
  });
  reader.read(bytes ?? Buffer.alloc(0));
  return frames;
}

test('HEADERS and DATA, which ends the stream', () => {
  const { frames, dataAt } = prepareAnswer(headers, Buffer.from('data'));
  expect(framesOf(frames)).toEqual(['1 4 0 the headers', '0 1 0 data']);
  expect(framesOf(frames?.subarray(dataAt))).toEqual(['0 1 0 data']);
});

test('with trailers, which end the stream', () => {
  const { frames, trailersAt } = prepareAnswer(headers, Buffer.from('data'), trailers);
  expect(framesOf(frames)).toEqual(['1 4 0 the headers', '0 0 0 data', '1 5 0 the end']);
  expect(framesOf(frames?.subarray(trailersAt))).toEqual(['1 5 0 the end']);
});

test('what has no content, or is longer than a frame, is sent by single calls', () => {
  const half = Buffer.alloc(most / 2 - 9);
  const long = Buffer.alloc(most + 1);
  const data = Buffer.from('data');
  expect(prepareAnswer(headers, Buffer.alloc(0), trailers).frames).toBeUndefined();
  expect(framesOf(prepareAnswer(half, half).frames)).toHaveLength(2);
  expect(framesOf(prepareAnswer(half, data, half.subarray(9 + data.length)).frames)).toHaveLength(
    3,
  );
  for (const answer of [
    prepareAnswer(long, data, trailers),
    prepareAnswer(headers, long),
    prepareAnswer(headers, data, long),
    prepareAnswer(half, half, trailers),
  ]) {
    expect(answer.frames).toBeUndefined();
  }
  expect(prepareAnswer(headers, long)).toMatchObject({ headers, data: long, trailers: undefined });
});
