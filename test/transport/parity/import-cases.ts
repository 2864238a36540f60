/** Cases of tokens that were imported from other systems. */

import { bearer, type ParityCase, sign } from './case.ts';

/** Cases that run through every door. */
export const importCases: ParityCase[] = [
  { name: 'an imported token, bare', headers: w => [w.imported.plain], expected: 'valid' },
  { name: 'an imported token', headers: w => bearer(w.imported.plain), expected: 'valid' },
  { name: 'one imported by SHA-256', headers: w => [w.imported.sha256], expected: 'valid' },
  { name: 'one imported by SHA-512', headers: w => bearer(w.imported.sha512), expected: 'valid' },
  { name: 'one of odd characters', headers: w => [w.imported.odd], expected: 'valid' },
  { name: 'one of odd characters', headers: w => bearer(w.imported.odd), expected: 'valid' },
  { name: 'one of three parts, bare', headers: w => [w.imported.dotted], expected: 'valid' },
  { name: 'one of three parts', headers: w => bearer(w.imported.dotted), expected: 'valid' },
  { name: 'one of three parts, by hash', headers: w => [w.imported.dottedHash], expected: 'valid' },
  { name: 'one with a space, bare', headers: w => [w.imported.spaced], expected: 'valid' },
  { name: 'one with a space', headers: w => bearer(w.imported.spaced), expected: 'valid' },
  {
    name: 'one of three parts that was not imported',
    headers: w => [`${w.imported.dotted}x`],
    expected: 'INVALID_TOKEN',
  },
  {
    name: 'a JWT of an imported secret',
    headers: ({ importedJwt: { kid, key }, now }) =>
      bearer(sign(key, { alg: 'HS256', kid }, { exp: now + 60 })),
    expected: 'valid',
  },
  {
    name: 'an imported token with a typo',
    headers: w => [`${w.imported.plain.slice(0, -1)}_`],
    expected: 'INVALID_TOKEN',
  },
  {
    name: 'an imported token in another case',
    headers: w => [w.imported.plain.toUpperCase()],
    expected: 'INVALID_TOKEN',
  },
  {
    name: 'a text like an imported token',
    headers: () => ['sk_live_0123456789abcdefghijklmnopqrstuvwxyz'],
    expected: 'INVALID_TOKEN',
  },
  {
    name: 'an imported token in quotes',
    headers: w => [`"${w.imported.plain}"`],
    expected: 'MALFORMED_CREDENTIALS',
  },
  {
    name: 'two imported tokens',
    headers: w => [w.imported.plain, w.imported.sha256],
    expected: 'MALFORMED_CREDENTIALS',
  },
  {
    name: 'an imported token, revoked',
    headers: w => [w.imported.revoked],
    expected: 'REVOKED',
  },
  { name: 'an imported token, expired', headers: w => [w.imported.expired], expected: 'EXPIRED' },
  {
    name: 'an imported token, rotated, in the grace',
    headers: w => [w.imported.inGrace],
    expected: 'valid',
  },
  {
    name: 'an imported token, rotated, the new one',
    headers: w => [w.imported.native],
    expected: 'valid',
  },
  {
    name: 'an imported token, rotated, after the grace',
    headers: w => [w.imported.afterGrace],
    expected: 'INVALID_TOKEN',
  },
  {
    name: 'a scope that an imported token has',
    headers: w => [w.imported.scoped],
    scopes: ['orders:read'],
    expected: 'valid',
  },
  {
    name: 'a scope that an imported token lacks',
    headers: w => [w.imported.scoped],
    scopes: ['orders:write'],
    expected: 'INSUFFICIENT_SCOPE',
  },
];
