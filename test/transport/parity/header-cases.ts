/** Cases of headers and static tokens. */

import { bearer, hour, type ParityCase, sign, without } from './case.ts';

/** Cases that run through every door. */
export const headerCases: ParityCase[] = [
  { name: 'no header', headers: () => [], expected: 'MISSING_CREDENTIALS' },
  { name: 'an empty header', headers: () => [''], expected: 'MISSING_CREDENTIALS' },
  { name: 'the scheme alone', headers: () => ['Bearer'], expected: 'MALFORMED_CREDENTIALS' },
  {
    name: 'another scheme',
    headers: () => ['Basic dXNoZXI6dXNoZXI='],
    expected: 'MALFORMED_CREDENTIALS',
  },
  {
    name: 'two tokens after a scheme',
    headers: w => [`Bearer ${w.good} ${w.good}`],
    expected: 'MALFORMED_CREDENTIALS',
  },
  {
    name: 'two headers',
    headers: w => [w.good, w.good],
    expected: 'MALFORMED_CREDENTIALS',
  },
  {
    name: 'two values joined by a comma',
    headers: w => [`${w.good}, ${w.good}`],
    expected: 'MALFORMED_CREDENTIALS',
  },
  {
    name: 'a trailing comma',
    headers: w => [`Bearer ${w.good},`],
    expected: 'MALFORMED_CREDENTIALS',
  },
  {
    name: 'a bare JWT',
    headers: w => [sign(w.jwt.secret, without(w, ''), { exp: w.now + hour })],
    expected: 'MALFORMED_CREDENTIALS',
  },
  {
    name: 'a quoted token',
    headers: w => [`Bearer "${w.good}"`],
    expected: 'MALFORMED_CREDENTIALS',
  },
  {
    name: 'longer than the limit',
    headers: () => bearer('a'.repeat(8200)),
    expected: 'MALFORMED_CREDENTIALS',
  },
];

/** Cases that run through every door. */
export const staticCases: ParityCase[] = [
  { name: 'a bare token', headers: w => [w.good], expected: 'valid' },
  { name: 'a token after Bearer', headers: w => bearer(w.good), expected: 'valid' },
  { name: 'the scheme in lower case', headers: w => [`bearer ${w.good}`], expected: 'valid' },
  { name: 'the scheme in upper case', headers: w => [`BEARER ${w.good}`], expected: 'valid' },
  { name: 'a space after the token', headers: w => [`${w.good} `], expected: 'valid' },
  { name: 'a tab before the scheme', headers: w => [`\tBearer ${w.good}`], expected: 'valid' },
  { name: 'several spaces', headers: w => [`Bearer    ${w.good}`], expected: 'valid' },
  { name: 'a word', headers: () => ['hello'], expected: 'INVALID_TOKEN' },
  { name: 'a word after Bearer', headers: () => bearer('hello'), expected: 'INVALID_TOKEN' },
  {
    name: 'a typo',
    headers: w => [w.good.slice(0, -1) + (w.good.endsWith('0') ? '1' : '0')],
    expected: 'INVALID_TOKEN',
  },
  { name: 'a truncated token', headers: w => [w.good.slice(0, -6)], expected: 'INVALID_TOKEN' },
  {
    name: 'a well-formed token that was never created',
    headers: () => ['ush_0352vpnunLvV677TIvkm42_r5uz5wtZfJxZOnlaBOS2kX9fwa7DqHfvtTNgxaHtUqv0T0VqG'],
    expected: 'INVALID_TOKEN',
  },
  { name: 'a revoked token', headers: w => [w.revoked], expected: 'REVOKED' },
  { name: 'an expired token', headers: w => bearer(w.expired), expected: 'EXPIRED' },
  { name: 'from another address', headers: w => [w.elsewhere], expected: 'WRONG_SOURCE' },
  {
    name: 'a missing scope from another address: WRONG_SOURCE comes first',
    headers: w => [w.elsewhere],
    scopes: ['orders:read'],
    expected: 'WRONG_SOURCE',
  },
  {
    name: 'after a rotation, the old token in its grace',
    headers: w => [w.rotated.inGrace],
    expected: 'valid',
  },
  { name: 'after a rotation, the new token', headers: w => [w.rotated.current], expected: 'valid' },
  {
    name: 'after a rotation, the old token after its grace',
    headers: w => [w.rotated.afterGrace],
    expected: 'INVALID_TOKEN',
  },
  {
    name: 'a static token, for any audience',
    headers: w => [w.good],
    audience: 'https://orders.example',
    expected: 'valid',
  },
  { name: 'a scope it has', headers: w => [w.scoped], scopes: ['orders:read'], expected: 'valid' },
  {
    name: 'one scope of two',
    headers: w => [w.scoped],
    scopes: ['orders:read', 'orders:write'],
    expected: 'INSUFFICIENT_SCOPE',
  },
  {
    name: 'a missing scope of a revoked token: REVOKED comes first',
    headers: w => [w.revoked],
    scopes: ['orders:read'],
    expected: 'REVOKED',
  },
];
