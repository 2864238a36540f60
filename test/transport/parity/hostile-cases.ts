/** Cases of revoked JWTs and of forged ones. */

import { bearer, hour, inAnHour, jwt, type ParityCase, sign, without } from './case.ts';

/** Cases that run through every door. */
export const revocationCases: ParityCase[] = [
  { name: 'a revoked kid', headers: jwt(inAnHour, {}, w => w.jwtRevoked), expected: 'REVOKED' },
  { name: 'an expired kid', headers: jwt(inAnHour, {}, w => w.jwtExpired), expected: 'EXPIRED' },
  {
    name: 'the old secret after a rotation, in its grace',
    headers: jwt(inAnHour, {}, ({ jwtRotated: { kid, old } }) => ({ kid, secret: old })),
    expected: 'valid',
  },
  {
    name: 'the new secret after a rotation',
    headers: jwt(inAnHour, {}, ({ jwtRotated: { kid, current } }) => ({ kid, secret: current })),
    expected: 'valid',
  },
  {
    name: 'a revoked jti',
    headers: jwt(
      w => ({ exp: w.now + hour, iat: w.now, jti: w.jwtRevocations.jti }),
      {},
      w => w.jwtRevocations,
    ),
    expected: 'REVOKED',
  },
  {
    name: 'another jti',
    headers: jwt(
      w => ({ exp: w.now + hour, iat: w.now, jti: 'other' }),
      {},
      w => w.jwtRevocations,
    ),
    expected: 'valid',
  },
  {
    name: 'a revoked subject, issued before',
    headers: jwt(
      w => ({
        exp: w.now + hour,
        iat: w.jwtRevocations.issuedBefore + 1,
        sub: w.jwtRevocations.subject,
      }),
      {},
      w => w.jwtRevocations,
    ),
    expected: 'REVOKED',
  },
  {
    name: 'a revoked subject, issued after',
    headers: jwt(
      w => ({ exp: w.now + hour, iat: w.now, sub: w.jwtRevocations.subject }),
      {},
      w => w.jwtRevocations,
    ),
    expected: 'valid',
  },
  {
    name: 'issued before the revoked time',
    headers: jwt(
      w => ({ exp: w.now + hour, iat: w.jwtRevocations.issuedBefore - 1 }),
      {},
      w => w.jwtRevocations,
    ),
    expected: 'REVOKED',
  },
  {
    name: 'no iat, with a revocation by time',
    headers: jwt(inAnHour, {}, w => w.jwtRevocations),
    expected: 'REVOKED',
  },
];

/** Cases that run through every door. */
export const hostileCases: ParityCase[] = [
  {
    name: 'no kid',
    headers: w => bearer(sign(w.jwt.secret, without(w, 'kid'), { exp: w.now + hour })),
    expected: 'JWT_MISSING_KID',
  },
  {
    name: 'no kid and alg none',
    headers: w => bearer(sign('', { alg: 'none' }, { exp: w.now + hour }).replace(/[^.]*$/, '')),
    expected: 'JWT_MISSING_KID',
  },
  { name: 'alg none', headers: jwt(inAnHour, { alg: 'none' }), expected: 'INVALID_TOKEN' },
  { name: 'alg nOnE', headers: jwt(inAnHour, { alg: 'nOnE' }), expected: 'INVALID_TOKEN' },
  { name: 'alg RS256', headers: jwt(inAnHour, { alg: 'RS256' }), expected: 'INVALID_TOKEN' },
  { name: 'alg HS384', headers: jwt(inAnHour, { alg: 'HS384' }), expected: 'INVALID_TOKEN' },
  { name: 'alg hs256', headers: jwt(inAnHour, { alg: 'hs256' }), expected: 'INVALID_TOKEN' },
  {
    name: 'another secret',
    headers: w => bearer(sign('x'.repeat(43), without(w, ''), { exp: w.now + hour })),
    expected: 'INVALID_TOKEN',
  },
  {
    name: 'another secret, expired: nothing about the claims is revealed',
    headers: w => bearer(sign('x'.repeat(43), without(w, ''), { exp: 1 })),
    expected: 'INVALID_TOKEN',
  },
  {
    name: 'an unknown kid',
    headers: jwt(inAnHour, { kid: '01890a5d-ac96-774b-bcce-b302099a8057' }),
    expected: 'INVALID_TOKEN',
  },
  {
    name: 'a kid that is a path',
    headers: jwt(inAnHour, { kid: '../../etc/passwd' }),
    expected: 'INVALID_TOKEN',
  },
  {
    name: 'a kid that is a list',
    headers: jwt(inAnHour, { kid: ['a'] }),
    expected: 'INVALID_TOKEN',
  },
  { name: 'an empty kid', headers: jwt(inAnHour, { kid: '' }), expected: 'INVALID_TOKEN' },
  {
    name: 'the kid __proto__',
    headers: jwt(inAnHour, { kid: '__proto__' }),
    expected: 'INVALID_TOKEN',
  },
  { name: 'crit', headers: jwt(inAnHour, { crit: ['b64'], b64: true }), expected: 'INVALID_TOKEN' },
  { name: 'b64 false', headers: jwt(inAnHour, { b64: false }), expected: 'INVALID_TOKEN' },
  { name: 'zip', headers: jwt(inAnHour, { zip: 'DEF' }), expected: 'INVALID_TOKEN' },
  {
    name: 'a key in the header',
    headers: jwt(inAnHour, { jwk: { kty: 'oct', k: 'AAAA' } }),
    expected: 'INVALID_TOKEN',
  },
  {
    name: 'jku',
    headers: jwt(inAnHour, { jku: 'https://evil.example' }),
    expected: 'INVALID_TOKEN',
  },
  {
    name: 'another typ',
    headers: jwt(inAnHour, { typ: 'dpop+jwt' }),
    expected: 'INVALID_TOKEN',
  },
  {
    name: 'a duplicate alg',
    headers: w =>
      bearer(
        sign(w.jwt.secret, `{"alg":"none","alg":"HS256","kid":"${w.jwt.kid}"}`, {
          exp: w.now + hour,
        }),
      ),
    expected: 'INVALID_TOKEN',
  },
  {
    name: 'a stray bit at the end of the signature',
    headers: w => {
      const token = sign(w.jwt.secret, without(w, ''), { exp: w.now + hour });
      const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
      const last = alphabet.indexOf(token.slice(-1));
      return bearer(token.slice(0, -1) + alphabet[last + 1]);
    },
    expected: 'INVALID_TOKEN',
  },
  {
    name: 'padding',
    headers: w => bearer(`${sign(w.jwt.secret, without(w, ''), { exp: w.now + hour })}=`),
    expected: 'INVALID_TOKEN',
  },
  {
    name: 'four parts',
    headers: w => bearer(`${sign(w.jwt.secret, without(w, ''), { exp: w.now + hour })}.a`),
    expected: 'INVALID_TOKEN',
  },
  { name: 'five parts, as a JWE', headers: () => bearer('a.b.c.d.e'), expected: 'INVALID_TOKEN' },
  {
    name: 'a payload that is not an object',
    headers: jwt(() => '[1]'),
    expected: 'MALFORMED_CLAIM',
  },
  { name: 'a payload that is not JSON', headers: jwt(() => 'hello'), expected: 'MALFORMED_CLAIM' },
  {
    name: 'a byte order mark',
    headers: jwt(w => `\uFEFF{"exp":${w.now + hour}}`),
    expected: 'MALFORMED_CLAIM',
  },
  {
    name: 'deep claims',
    headers: jwt(w => `{"exp":${w.now + hour},"a":${'['.repeat(40)}${']'.repeat(40)}}`),
    expected: 'MALFORMED_CLAIM',
  },
  {
    name: 'the UUID of a static access token as kid',
    headers: w => bearer(sign(w.good, { alg: 'HS256', kid: w.goodId }, { exp: w.now + hour })),
    expected: 'INVALID_TOKEN',
  },
];
