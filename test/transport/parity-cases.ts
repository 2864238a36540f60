/** The one file of verdicts: every door must come to the same for each case. */

import { createHmac } from 'node:crypto';
import type { Reason } from '../../src/verify/verdict.ts';

/** Access tokens that the cases speak of. */
export interface World {
  /** Whole seconds since 1970, as the server's clock stands when the cases are played. */
  now: number;
  /** Static tokens by what became of them. */
  good: string;
  goodId: string;
  scoped: string;
  revoked: string;
  expired: string;
  rotated: { inGrace: string; current: string; afterGrace: string };
  /** jwt access tokens. */
  jwt: Key;
  jwtScoped: Key;
  jwtAudience: Key;
  jwtShort: Key;
  jwtRevoked: Key;
  jwtExpired: Key;
  jwtRotated: { kid: string; old: string; current: string };
  jwtRevocations: Key & { jti: string; subject: string; issuedBefore: number };
}

/** A kid and its secret. */
export interface Key {
  kid: string;
  secret: string;
}

/** One question and its answer. */
export interface ParityCase {
  name: string;
  /** The Authorization headers, one each. */
  headers(world: World): string[];
  audience?: string;
  scopes?: string[];
  expected: 'valid' | Reason;
}

/** Signs any header and payload, however wrong, as the holder of the secret could. */
export function sign(secret: string, header: unknown, payload: unknown): string {
  const part = (value: unknown) =>
    Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
  const body = `${part(header)}.${part(payload)}`;
  return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
}

type Claims = (world: World) => unknown;

const hour = 3600;
const bearer = (token: string) => [`Bearer ${token}`];

/** A JWT of the plain jwt access token, with some header parameters and claims. */
function jwt(
  claims: Claims,
  header: Record<string, unknown> = {},
  key: (world: World) => Key = w => w.jwt,
) {
  return (world: World) => {
    const { kid, secret } = key(world);
    return bearer(sign(secret, { alg: 'HS256', typ: 'JWT', kid, ...header }, claims(world)));
  };
}

const inAnHour: Claims = ({ now }) => ({ exp: now + hour });
const without = (world: World, name: string) => {
  const header: Record<string, unknown> = { alg: 'HS256', typ: 'JWT', kid: world.jwt.kid };
  delete header[name];
  return header;
};

const headerCases: ParityCase[] = [
  { name: 'no header', headers: () => [], expected: 'MISSING_CREDENTIALS' },
  { name: 'an empty header', headers: () => [''], expected: 'MISSING_CREDENTIALS' },
  { name: 'the scheme alone', headers: () => ['Bearer'], expected: 'MALFORMED_CREDENTIALS' },
  {
    name: 'another scheme',
    headers: () => ['Basic dXNoZXI6dXNoZXI='],
    expected: 'MALFORMED_CREDENTIALS',
  },
  {
    name: 'two tokens behind a scheme',
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
    name: 'longer than is looked at',
    headers: () => bearer('a'.repeat(8200)),
    expected: 'MALFORMED_CREDENTIALS',
  },
];

const staticCases: ParityCase[] = [
  { name: 'a bare token', headers: w => [w.good], expected: 'valid' },
  { name: 'a token behind Bearer', headers: w => bearer(w.good), expected: 'valid' },
  { name: 'the scheme in small letters', headers: w => [`bearer ${w.good}`], expected: 'valid' },
  { name: 'the scheme in capitals', headers: w => [`BEARER ${w.good}`], expected: 'valid' },
  { name: 'several spaces', headers: w => [`Bearer    ${w.good}`], expected: 'valid' },
  { name: 'a word', headers: () => ['hello'], expected: 'INVALID_TOKEN' },
  { name: 'a word behind Bearer', headers: () => bearer('hello'), expected: 'INVALID_TOKEN' },
  {
    name: 'a typo',
    headers: w => [w.good.slice(0, -1) + (w.good.endsWith('0') ? '1' : '0')],
    expected: 'INVALID_TOKEN',
  },
  { name: 'a token cut short', headers: w => [w.good.slice(0, -6)], expected: 'INVALID_TOKEN' },
  {
    name: 'a well-formed token that nobody made',
    headers: () => ['ush_0352vpnunLvV677TIvkm42_r5uz5wtZfJxZOnlaBOS2kX9fwa7DqHfvtTNgxaHtUqv0T0VqG'],
    expected: 'INVALID_TOKEN',
  },
  { name: 'a revoked token', headers: w => [w.revoked], expected: 'REVOKED' },
  { name: 'an expired token', headers: w => bearer(w.expired), expected: 'EXPIRED' },
  { name: 'after a rotation, in the grace', headers: w => [w.rotated.inGrace], expected: 'valid' },
  { name: 'after a rotation, the new one', headers: w => [w.rotated.current], expected: 'valid' },
  {
    name: 'after a rotation and its grace',
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
    name: 'a scope, revoked: the revocation is told first',
    headers: w => [w.revoked],
    scopes: ['orders:read'],
    expected: 'REVOKED',
  },
];

const claimCases: ParityCase[] = [
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
  { name: 'exp null', headers: jwt(() => ({ exp: null })), expected: 'INVALID_TOKEN' },
  { name: 'exp text', headers: jwt(w => ({ exp: `${w.now + hour}` })), expected: 'INVALID_TOKEN' },
  {
    name: 'exp with a fraction',
    headers: jwt(w => ({ exp: w.now + 0.5 })),
    expected: 'INVALID_TOKEN',
  },
  { name: 'exp 2^53', headers: jwt(() => '{"exp":9007199254740992}'), expected: 'INVALID_TOKEN' },
  { name: 'exp 1e999', headers: jwt(() => '{"exp":1e999}'), expected: 'INVALID_TOKEN' },
  { name: 'exp 0', headers: jwt(() => ({ exp: 0 })), expected: 'INVALID_TOKEN' },
  {
    name: 'nbf in a minute',
    headers: jwt(w => ({ exp: w.now + hour, nbf: w.now + 60 })),
    expected: 'NOT_YET_VALID',
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
    expected: 'INVALID_TOKEN',
  },
  {
    name: 'a claim named like an object’s innards',
    headers: jwt(w => `{"exp":${w.now + hour},"__proto__":{"a":1},"constructor":"b"}`),
    expected: 'valid',
  },
  {
    name: 'exp twice',
    headers: jwt(w => `{"exp":1,"exp":${w.now + hour}}`),
    expected: 'INVALID_TOKEN',
  },
  {
    name: 'a lifetime beyond the longest',
    headers: jwt(
      w => ({ iat: w.now, exp: w.now + 601 }),
      {},
      w => w.jwtShort,
    ),
    expected: 'INVALID_TOKEN',
  },
  {
    name: 'the longest lifetime',
    headers: jwt(
      w => ({ iat: w.now, exp: w.now + 600 }),
      {},
      w => w.jwtShort,
    ),
    expected: 'valid',
  },
];

const audienceCases: ParityCase[] = [
  {
    name: 'the audience asked for',
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
    name: 'no scope claim: the access token’s own',
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

const revocationCases: ParityCase[] = [
  { name: 'a revoked kid', headers: jwt(inAnHour, {}, w => w.jwtRevoked), expected: 'REVOKED' },
  { name: 'an expired kid', headers: jwt(inAnHour, {}, w => w.jwtExpired), expected: 'EXPIRED' },
  {
    name: 'the secret before a rotation, in its grace',
    headers: jwt(inAnHour, {}, ({ jwtRotated: { kid, old } }) => ({ kid, secret: old })),
    expected: 'valid',
  },
  {
    name: 'the secret after a rotation',
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
    name: 'issued before the time',
    headers: jwt(
      w => ({ exp: w.now + hour, iat: w.jwtRevocations.issuedBefore - 1 }),
      {},
      w => w.jwtRevocations,
    ),
    expected: 'REVOKED',
  },
  {
    name: 'no iat, when a time is revoked',
    headers: jwt(inAnHour, {}, w => w.jwtRevocations),
    expected: 'REVOKED',
  },
];

const hostileCases: ParityCase[] = [
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
    name: 'another secret, expired: nothing is told of the claims',
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
    name: 'typ of another kind',
    headers: jwt(inAnHour, { typ: 'dpop+jwt' }),
    expected: 'INVALID_TOKEN',
  },
  {
    name: 'alg twice',
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
  { name: 'a payload that is no object', headers: jwt(() => '[1]'), expected: 'INVALID_TOKEN' },
  { name: 'a payload that is no JSON', headers: jwt(() => 'hello'), expected: 'INVALID_TOKEN' },
  {
    name: 'a byte order mark',
    headers: jwt(w => `\uFEFF{"exp":${w.now + hour}}`),
    expected: 'INVALID_TOKEN',
  },
  {
    name: 'deep claims',
    headers: jwt(w => `{"exp":${w.now + hour},"a":${'['.repeat(40)}${']'.repeat(40)}}`),
    expected: 'INVALID_TOKEN',
  },
  {
    name: 'a static token’s UUID as kid',
    headers: w => bearer(sign(w.good, { alg: 'HS256', kid: w.goodId }, { exp: w.now + hour })),
    expected: 'INVALID_TOKEN',
  },
];

/** All of them. */
export const parityCases: ParityCase[] = [
  ...headerCases,
  ...staticCases,
  ...claimCases,
  ...audienceCases,
  ...revocationCases,
  ...hostileCases,
];
