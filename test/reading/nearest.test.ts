/** The nearest right name for one that is not known. */

import { expect, test } from 'vitest';
import { hint, nearest } from '../../src/reading/nearest.ts';

const create = ['kind', 'name', 'owner', 'scopes', 'metadata', 'audiences', 'expire_time'];

test.each([
  ['scopes', ['header', 'audience', 'required_scopes'], 'required_scopes'],
  ['expires_at', create, 'expire_time'],
  ['Scope', create, 'scopes'],
  ['nmae', create, 'name'],
  ['metdata', create, 'metadata'],
  ['USHER_GRPC_LISTN', ['USHER_HTTP_LISTEN', 'USHER_GRPC_LISTEN'], 'USHER_GRPC_LISTEN'],
  ['flavor', ['scopes', 'audience', 'flavour'], 'flavour'],
])('%s means one of %j', (name, known, meant) => {
  expect(nearest(name, known)).toBe(meant);
});

test.each(['zzz', '', 'x'.repeat(1_000_000)])('nothing is near', name => {
  expect(nearest(name, create)).toBeUndefined();
  expect(hint(name, create)).toBe('');
});
