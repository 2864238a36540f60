/** Cases of JWTs with a valid signature: claims, audience, scopes. */

import { hour, inAnHour, jwt, type ParityCase } from './case.ts';

/** Cases that run through every door. */
export const claimCases: ParityCase[] = [
  { name: 'a JWT', headers: jwt(inAnHour), expected: 'valid' },
  { name: 'a JWT without typ', headers: jwt(inAnHour, { typ: undefined }), expected: 'valid' },
  { name: 'a JWT of type at+jwt', headers: jwt(inAnHour, { typ: 'at+jwt' }), expected: 'valid' },
  {
    name: 'the largest exp',
    headers: jwt(() => ({ exp: Number.MAX_SAFE_INTEGER })),
    expected: 'valid',
  },
  { name: 'exp now', headers: jwt(w => ({ exp: w.now })), expected: 'EXPIRED' },
  { name: 'exp in a second', headers: jwt(w => ({ exp: w.now + 1 })), expected: 'valid' },
  { name: 'exp long ago', headers: jwt(() => ({ exp: 1 })), expected: 'EXPIRED' },
  { name: 'no exp', headers: jwt(() => ({ sub: 'a' })), expected: 'JWT_MISSING_EXP' },
  { name: 'exp null', headers: jwt(() => ({ exp: null })), expected: 'JWT_MISSING_EXP' },
  {
    name: 'exp text',
    headers: jwt(w => ({ exp: `${w.now + hour}` })),
    expected: 'MALFORMED_CLAIM exp',
  },
  {
    name: 'exp with a fraction',
    headers: jwt(w => ({ exp: w.now + hour + 0.5 })),
    expected: 'valid',
  },
  { name: 'exp 2^53', headers: jwt(() => '{"exp":9007199254740992}'), expected: 'valid' },
  { name: 'exp 2^63 - 1', headers: jwt(() => '{"exp":9223372036854775807}'), expected: 'valid' },
  { name: 'exp 1e999', headers: jwt(() => '{"exp":1e999}'), expected: 'MALFORMED_CLAIM exp' },
  { name: 'exp 0', headers: jwt(() => ({ exp: 0 })), expected: 'MALFORMED_CLAIM exp' },
  {
    name: 'nbf and iat within the clock skew, with fractions',
    headers: jwt(w => ({ exp: w.now + hour, nbf: w.now + 30.5, iat: w.now + 30.25 })),
    expected: 'valid',
  },
  {
    name: 'nbf in an hour',
    headers: jwt(w => ({ exp: w.now + 2 * hour, nbf: w.now + hour })),
    expected: 'NOT_YET_VALID',
  },
  {
    name: 'null in every claim that may be absent',
    headers: jwt(w => ({
      ...{ exp: w.now + hour, nbf: null, iat: null, sub: null, jti: null, scope: null, aud: null },
    })),
    expected: 'valid',
  },
  {
    name: 'jti a fraction',
    headers: jwt(w => ({ exp: w.now + hour, jti: 1.5 })),
    expected: 'MALFORMED_CLAIM jti',
  },
  {
    name: 'scope an object',
    headers: jwt(w => ({ exp: w.now + hour, scope: {} })),
    expected: 'MALFORMED_CLAIM scope',
  },
  {
    name: 'aud a number',
    headers: jwt(w => ({ exp: w.now + hour, aud: 7 })),
    expected: 'MALFORMED_CLAIM aud',
  },
  {
    name: 'kid in upper case',
    headers: w => jwt(inAnHour, { kid: w.jwt.kid.toUpperCase() })(w),
    expected: 'valid',
  },
  { name: 'nbf now', headers: jwt(w => ({ exp: w.now + hour, nbf: w.now })), expected: 'valid' },
  {
    name: 'iat in an hour',
    headers: jwt(w => ({ exp: w.now + 2 * hour, iat: w.now + hour })),
    expected: 'NOT_YET_VALID',
  },
  {
    name: 'a numeric sub',
    headers: jwt(w => ({ exp: w.now + hour, sub: 7 })),
    expected: 'valid',
  },
  {
    name: 'a claim with the name of an Object property',
    headers: jwt(w => `{"exp":${w.now + hour},"__proto__":{"a":1},"constructor":"b"}`),
    expected: 'valid',
  },
  {
    name: 'a duplicate exp',
    headers: jwt(w => `{"exp":1,"exp":${w.now + hour}}`),
    expected: 'MALFORMED_CLAIM',
  },
  {
    name: 'a lifetime above the maximum',
    headers: jwt(
      w => ({ iat: w.now, exp: w.now + 601 }),
      {},
      w => w.jwtShort,
    ),
    expected: 'MALFORMED_CLAIM exp',
  },
  {
    name: 'the maximum lifetime',
    headers: jwt(
      w => ({ iat: w.now, exp: w.now + 600 }),
      {},
      w => w.jwtShort,
    ),
    expected: 'valid',
  },
];

/** Cases that run through every door. */
export const audienceCases: ParityCase[] = [
  {
    name: 'the requested audience',
    headers: jwt(w => ({ exp: w.now + hour, aud: 'orders' })),
    audience: 'orders',
    expected: 'valid',
  },
  {
    name: 'one audience of several',
    headers: jwt(w => ({ exp: w.now + hour, aud: ['mail', 'orders'] })),
    audience: 'orders',
    expected: 'valid',
  },
  {
    name: 'another audience',
    headers: jwt(w => ({ exp: w.now + hour, aud: 'mail' })),
    audience: 'orders',
    expected: 'WRONG_AUDIENCE',
  },
  {
    name: 'no audience in the JWT',
    headers: jwt(inAnHour),
    audience: 'orders',
    expected: 'WRONG_AUDIENCE',
  },
  {
    name: 'an audience that the access token allows',
    headers: jwt(
      w => ({ exp: w.now + hour, aud: 'orders' }),
      {},
      w => w.jwtAudience,
    ),
    expected: 'valid',
  },
  {
    name: 'an audience that the access token does not allow',
    headers: jwt(
      w => ({ exp: w.now + hour, aud: ['orders', 'mail'] }),
      {},
      w => w.jwtAudience,
    ),
    expected: 'WRONG_AUDIENCE',
  },
  {
    name: 'no scope claim: the scopes of the access token',
    headers: jwt(inAnHour, {}, w => w.jwtScoped),
    scopes: ['orders:read', 'orders:write'],
    expected: 'valid',
  },
  {
    name: 'a scope claim that narrows',
    headers: jwt(
      w => ({ exp: w.now + hour, scope: 'orders:read' }),
      {},
      w => w.jwtScoped,
    ),
    scopes: ['orders:write'],
    expected: 'INSUFFICIENT_SCOPE',
  },
  {
    name: 'a scope claim that is a list',
    headers: jwt(
      w => ({ exp: w.now + hour, scope: ['orders:read', 'usher.admin'] }),
      {},
      w => w.jwtScoped,
    ),
    scopes: ['orders:read'],
    expected: 'valid',
  },
  {
    name: 'a scope claim that would widen',
    headers: jwt(
      w => ({ exp: w.now + hour, scope: 'usher.admin' }),
      {},
      w => w.jwtScoped,
    ),
    scopes: ['usher.admin'],
    expected: 'INSUFFICIENT_SCOPE',
  },
];
