/** JWTs as jose makes them. */

import * as jose from 'jose';
import { exp, key, kid, now, plain, write } from './out.js';

const octets = new TextEncoder().encode(key);
const header = { alg: 'HS256', kid };
const sign = (claims, more = {}) =>
  new jose.SignJWT(claims).setProtectedHeader({ ...header, ...more }).sign(octets);
const at = seconds => new Date(seconds * 1000);

const jwts = Object.fromEntries(Object.entries(plain).map(([name, of]) => [name, () => sign(of)]));
await write('jose', {
  ...jwts,
  'by its builder': () =>
    new jose.SignJWT({})
      .setProtectedHeader({ ...header, typ: 'JWT' })
      .setIssuedAt(now)
      .setNotBefore(now)
      .setExpirationTime(exp)
      .setSubject('ada')
      .setAudience(['orders'])
      .setJti('j-1')
      .sign(octets),
  'times are Date': () =>
    new jose.SignJWT({})
      .setProtectedHeader(header)
      .setIssuedAt(at(now))
      .setExpirationTime(at(exp))
      .sign(octets),
  'kid in upper case': () => sign({ exp }, { kid: kid.toUpperCase() }),
  'typ at+jwt': () => sign({ exp }, { typ: 'at+jwt' }),
  'crit with b64 true': () => sign({ exp }, { crit: ['b64'], b64: true }),
  'b64 false': () =>
    new jose.CompactSign(new TextEncoder().encode('hello'))
      .setProtectedHeader({ ...header, crit: ['b64'], b64: false })
      .sign(octets),
  'alg none': () => new jose.UnsecuredJWT({ exp }).encode(),
  HS384: () => sign({ exp }, { alg: 'HS384' }),
  HS512: () => sign({ exp }, { alg: 'HS512' }),
  'no kid': () => new jose.SignJWT({ exp }).setProtectedHeader({ alg: 'HS256' }).sign(octets),
  'a JWE': () =>
    new jose.EncryptJWT({ exp })
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid })
      .encrypt(octets.slice(0, 32)),
});
