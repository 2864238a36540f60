/** Page tokens: sealed places that a caller sends back, or makes up. */

import assert from 'node:assert/strict';
import type { Caller } from '../../../src/tokens/caller.ts';
import { TokenError } from '../../../src/tokens/errors.ts';
import { pageTokens } from '../../../src/tokens/page-token.ts';
import { createMasterKeys } from '../../../src/verify/master-keys.ts';
import type { Target } from '../target.ts';

const keys = createMasterKeys([
  { id: 'k2', bytes: new Uint8Array(32).fill(2) },
  { id: 'k1', bytes: new Uint8Array(32).fill(1) },
]);
const old = createMasterKeys([{ id: 'k1', bytes: new Uint8Array(32).fill(1) }]);
const ann: Caller = { actor: 'ann', name: '', peer: '', scopes: [], owners: ['shop'] };
const callers: Caller[] = [ann, { ...ann, actor: 'bob' }, { ...ann, owners: ['bank'] }];
const queries = [
  { rpc: 'List', query: ['', 'newest'] },
  { rpc: 'List', query: ['', 'oldest'] },
  { rpc: 'Reseal', query: ['', 'newest'] },
];
const place = '0000001700000000:01890a5d-ac96-774b-bcce-b302099a8057';
const readers = callers.flatMap(caller => queries.map(query => pageTokens(keys, caller, query)));
// The nonces are random, so the corpus holds changes of these tokens rather than tokens.
const first = queries[0] as (typeof queries)[number];
const genuine = [keys, old].map(each => pageTokens(each, ann, first).write(place));

/**
 * The first byte is the reader, the second a genuine token or none. The others are pairs: a place in
 * it, and a character to put there; without a token they are the whole text.
 */
function play(input: Buffer): void {
  const reader = readers[(input[0] ?? 0) % readers.length];
  const base = genuine[(input[1] ?? 0) % 3];
  const text = base === undefined ? input.toString('latin1', 2) : changed(base, input.subarray(2));
  let read: string | undefined;
  try {
    read = reader?.read(text);
  } catch (error) {
    assert(error instanceof TokenError && error.code === 'INVALID_ARGUMENT', `${error}`);
    assert(base === undefined || text !== base || reader !== readers[0], 'a good one is refused');
    return;
  }
  assert.equal(read, text === '' ? undefined : place, 'another place');
  if (text === '') return;
  assert.equal(reader, readers[0], 'it is read by others');
  assert(genuine.includes(text), 'a changed one is read');
}

function changed(token: string, changes: Buffer): string {
  const characters = [...token];
  for (let n = 0; n + 1 < changes.length; n += 2) {
    characters[(changes[n] as number) % (token.length + 1)] = String.fromCharCode(
      changes[n + 1] as number,
    );
  }
  return characters.join('');
}

/** The tokens. */
export const pageTokenTarget: Target = {
  name: 'page-token',
  share: 0.5,
  bytesMax: 700,
  seeds: [
    Buffer.of(0, 0),
    Buffer.of(0, 1),
    Buffer.of(1, 0),
    Buffer.of(4, 1, 3, 65),
    Buffer.from('\0\x02'),
    Buffer.from('\0\x02k1.AAAA'),
    Buffer.from(`\0\x02${'A'.repeat(600)}`),
  ],
  words: ['k1', 'k2', '.', '=', 'AAAA', '-', '_', '+', '/'].map(text => Buffer.from(text)),
  play,
};
