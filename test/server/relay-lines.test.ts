/** What a worker writes is passed on by whole lines. */

import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { relayLines } from '../../src/server/relay-lines.ts';

test('lines that come in pieces, also within a character; separators of Unicode end none', async () => {
  const from = new PassThrough();
  const said: string[] = [];
  relayLines(from, line => said.push(line));
  const bytes = Buffer.from('one\ntwo\u2028ü\n\nlast');
  for (const byte of bytes) from.write(Buffer.of(byte));
  from.end();
  await once(from, 'end');
  expect(said).toEqual(['one\n', 'two\u2028ü\n', '\n', 'last\n']);
});
