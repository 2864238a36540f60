/** Compressed messages: what they may become, and how many do so at a time. */

import { createHook } from 'node:async_hooks';
import { deflateSync, gzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { unpack } from '../../../src/transport/rpc/unpack.ts';

const bytesMax = 1_000_000;
const short = gzipSync('short');
const long = gzipSync(Buffer.alloc(bytesMax));

test.each([0, 1, 16_383, 16_384, 16_385, bytesMax])(
  '%d bytes come out as they were',
  async length => {
    const plain = Buffer.alloc(length, 'ab');
    expect(plain.equals(await unpack('gzip', gzipSync(plain), bytesMax))).toBe(true);
    expect(plain.equals(await unpack('deflate', deflateSync(plain), bytesMax))).toBe(true);
  },
);

test.each([
  ['longer than allowed, when short', gzipSync(Buffer.alloc(101)), 100, 'RESOURCE_EXHAUSTED'],
  ['longer than allowed, when long', gzipSync(Buffer.alloc(50_001)), 50_000, 'RESOURCE_EXHAUSTED'],
  ['nothing at all', Buffer.alloc(0), 100, 'INTERNAL'],
  ['cut short', long.subarray(0, -9), bytesMax, 'INTERNAL'],
  ['not compressed', Buffer.from('plain'), 100, 'INTERNAL'],
])('one that is %s fails', async (_, bytes, max, code) => {
  await expect(unpack('gzip', bytes, max)).rejects.toMatchObject({ code });
});

test('long ones take turns, and short ones do not wait for them', async () => {
  let begun = 0;
  const hook = createHook({
    init: (_id, type) => {
      if (type === 'ZLIB') begun++;
    },
  }).enable();
  onTestFinished(() => void hook.disable());
  const ended: string[] = [];
  const all = Array.from({ length: 10 }, () =>
    unpack('gzip', long, bytesMax).then(() => ended.push('long')),
  );
  // Each was tried as a short one.
  expect(begun).toBe(10);
  all.push(unpack('gzip', short, bytesMax).then(() => ended.push('short')));
  await all[0];
  expect(ended).toEqual(['short', 'long']);
  // The short one, the first long one, and perhaps the next.
  expect(begun).toBeLessThanOrEqual(13);
  await Promise.all(all);
});

test('one that fails does not hold up the next', async () => {
  const failed = unpack('gzip', gzipSync(Buffer.alloc(bytesMax + 1)), bytesMax);
  const next = unpack('gzip', long, bytesMax);
  await expect(failed).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
  expect(await next).toHaveLength(bytesMax);
});
