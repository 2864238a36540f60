/** What the generators of JavaScript share: the claims, and the form of their output. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export const { JWT_KID: kid, JWT_SECRET_KEY: key } = process.env;
export const now = Number(process.env.JWT_NOW);
export const exp = now + 3600;
const registered = { iss: 'shop', sub: 'ada', aud: 'orders', exp, nbf: now, iat: now, jti: 'j-1' };
const none = { nbf: null, iat: null, sub: null, jti: null, scope: null };

/** Claims that each library writes with the same call as its default ones. */
export const plain = {
  default: { exp },
  'all registered claims': registered,
  'times with a fraction': { exp: exp + 0.25, nbf: now + 0.5, iat: now + 0.125 },
  'several audiences': { exp, aud: ['orders', 'mail'] },
  'sub and jti are numbers': { exp, sub: 42, jti: 7 },
  'scope is text': { exp, scope: 'orders:read mail' },
  'scope is a list': { exp, scope: ['orders:read', 'mail'] },
  'claims are null': { exp, ...none },
  'nested claims': { exp, realm_access: { roles: ['a', 'b'] }, groups: [] },
  'text beyond ASCII': { exp, name: 'Zoë 😀', sub: 'zoë' },
  'exp is huge': { exp: Number.MAX_SAFE_INTEGER + 1 },
  'nbf a minute ahead': { exp, nbf: now + 60 },
  'exp in milliseconds': { exp: exp * 1000 },
  'exp is text': { exp: String(exp) },
  'exp is null': { exp: null },
  'aud is null': { exp, aud: null },
  'sub is an object': { exp, sub: { id: 1 } },
  'no exp': { sub: 'ada' },
  expired: { exp: now - 1 },
};

/** Prints the fixture. `jwts` maps names to functions; what the library refuses is noted. */
export async function write(library, jwts) {
  const made = {};
  const notMade = [];
  for (const [name, make] of Object.entries(jwts)) {
    try {
      made[name] = await make();
    } catch (error) {
      notMade.push(`${name}: ${error.constructor.name}`);
    }
  }
  const entry = createRequire(join(process.cwd(), 'x.js')).resolve(library);
  let folder = dirname(entry);
  while (!folder.endsWith(`node_modules/${library}`)) folder = dirname(folder);
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const fixture = { language: 'JavaScript', library, version, jwts: made, notMade };
  console.log(JSON.stringify(fixture, null, 2));
}
