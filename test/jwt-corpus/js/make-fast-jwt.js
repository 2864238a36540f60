/** JWTs as fast-jwt makes them. */

import { createSigner } from 'fast-jwt';
import { exp, key, kid, now, plain, write } from './out.js';

const clockTimestamp = now * 1000;
const sign = (claims, options = {}) =>
  createSigner({ key, algorithm: 'HS256', kid, clockTimestamp, ...options })({ ...claims });

const jwts = Object.fromEntries(Object.entries(plain).map(([name, of]) => [name, () => sign(of)]));
await write('fast-jwt', {
  ...jwts,
  'by its options': () =>
    sign(
      {},
      { expiresIn: '1h', notBefore: 0, sub: 'ada', aud: ['orders'], jti: 'j-1', iss: 'shop' },
    ),
  'without iat': () => sign({ exp }, { noTimestamp: true }),
  'kid in upper case': () => sign({ exp }, { kid: kid.toUpperCase() }),
  'typ at+jwt': () => sign({ exp }, { header: { typ: 'at+jwt' } }),
  HS384: () => sign({ exp }, { algorithm: 'HS384' }),
  HS512: () => sign({ exp }, { algorithm: 'HS512' }),
  'alg none': () => createSigner({ algorithm: 'none', kid })({ exp }),
  'no kid': () => createSigner({ key, algorithm: 'HS256' })({ exp }),
});
