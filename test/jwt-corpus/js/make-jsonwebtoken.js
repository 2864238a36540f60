/** JWTs as jsonwebtoken makes them. */

import jwt from 'jsonwebtoken';
import { exp, key, kid, now, plain, write } from './out.js';

// It reads the clock for `iat` and for expiresIn.
Date.now = () => now * 1000;
const sign = (claims, options = {}) => jwt.sign(claims, key, { keyid: kid, ...options });

const jwts = Object.fromEntries(
  Object.entries(plain).map(([name, of]) => [name, () => sign({ ...of })]),
);
await write('jsonwebtoken', {
  ...jwts,
  'by its options': () =>
    sign({}, { expiresIn: '1h', notBefore: 0, subject: 'ada', audience: ['orders'], jwtid: 'j-1' }),
  'without iat': () => sign({ exp }, { noTimestamp: true }),
  'kid in upper case': () => sign({ exp }, { keyid: kid.toUpperCase() }),
  'typ at+jwt': () => sign({ exp }, { header: { typ: 'at+jwt' } }),
  'no typ': () => sign({ exp }, { header: { typ: undefined } }),
  'payload of text': () => sign(JSON.stringify({ exp })),
  'alg none': () => jwt.sign({ exp }, '', { algorithm: 'none', keyid: kid }),
  HS384: () => sign({ exp }, { algorithm: 'HS384' }),
  HS512: () => sign({ exp }, { algorithm: 'HS512' }),
  'no kid': () => jwt.sign({ exp }, key),
});
