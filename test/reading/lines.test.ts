/** Lines of files, wherever their bytes are cut. */

import { Readable } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { linesOf } from '../../src/reading/lines.ts';

const read = (...chunks: (Buffer | string)[]) => Array.fromAsync(linesOf(Readable.from(chunks)));

test('lines end with LF, or CR and LF, and the last one need not', async () => {
  expect(await read('a\r\n\nb\rc\n')).toEqual(['a', '', 'b\rc']);
  expect(await read('a\n', 'b')).toEqual(['a', 'b']);
  expect(await read('a\r', '\nb\r\n')).toEqual(['a', 'b']);
  expect(await read('')).toEqual([]);
  expect(await read('\n')).toEqual(['']);
});

test('what JSON holds is in one line, also the separators U+2028 and U+2029', async () => {
  const separator = fc.constantFrom('\u2028', '\u2029', '\u0085', '\v', '\f', 'ä', '😀');
  const value = fc.string({ unit: fc.oneof(separator, fc.string({ unit: 'grapheme' })) });
  await fc.assert(
    fc.asyncProperty(fc.array(value), fc.integer({ min: 1, max: 9 }), async (values, size) => {
      const bytes = Buffer.from(values.map(each => `${JSON.stringify(each)}\n`).join(''));
      const cuts = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
        bytes.subarray(n * size, (n + 1) * size),
      );
      const lines = await Array.fromAsync(linesOf(Readable.from(cuts)));
      expect(lines.map(line => JSON.parse(line))).toEqual(values);
    }),
  );
});
