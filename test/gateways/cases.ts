/** The cases for every gateway: what the client sends, and the expected verdict. */

import { type Reason, reasons } from '../../src/verify/verdict.ts';
import { adminOf } from '../server/api.ts';
import type { TestServer } from '../server/run-server.ts';
import type { Sent } from './request.ts';
import { makeJwt, makeStatic } from './tokens.ts';

/** The identity headers that the upstream must get; "" means that the header must not arrive. */
type Told = Readonly<Record<`x-usher-${string}`, string>>;

/** A request and its expected verdict. */
export interface Case {
  name: string;
  sent: Sent;
  /** The reason of a refusal, or the identity headers. */
  verdict: Reason | Told;
}

/** What every gateway of the tests requires. */
export const required = { scope: 'orders.read', audience: 'orders' };

/** Claims of a JWT that meets the requirement. */
const good = { aud: required.audience, scope: 'orders.read', exp: 4_102_444_800 };

/** Creates the tokens and their cases. */
export async function makeCases(usher: TestServer): Promise<Case[]> {
  const fields = { owner: 'shop', scopes: ['orders.read', 'orders.write'] };
  const token = await makeStatic(usher, fields);
  const jwt = await makeJwt(usher, fields);
  return [
    ...(await goodCases(usher, token, jwt)),
    ...(await refusedCases(usher, token, jwt)),
    ...hostileHeaders(token),
    ...(await hostileJwts(jwt)),
  ];
}

type Static = Awaited<ReturnType<typeof makeStatic>>;
type Jwt = Awaited<ReturnType<typeof makeJwt>>;

const authorization = (value: string): Sent => ({ headers: [['Authorization', value]] });

function told(id: string, kind: 'static' | 'jwt', changes: Partial<Told> = {}): Told {
  return {
    'x-usher-token-id': id,
    'x-usher-kind': kind,
    'x-usher-owner': 'shop',
    'x-usher-subject': '',
    'x-usher-scopes': kind === 'static' ? 'orders.read orders.write' : 'orders.read',
    'x-usher-revision': '1',
    ...changes,
  };
}

async function goodCases(usher: TestServer, { id, token }: Static, jwt: Jwt): Promise<Case[]> {
  const ownerless = await makeStatic(usher, { scopes: ['orders.read'] });
  const foreign = await makeStatic(usher, {
    owner: 'Ümläut & söhne 100%',
    scopes: ['orders.read'],
  });
  const signed = await jwt.sign({ ...good, sub: 'user-1' });
  const odd = await jwt.sign({ ...good, sub: 'a\r\nx-usher-owner: evil\u0000é€\u{1f600} ' });
  const claims = {
    'x-usher-owner': 'evil',
    'x-usher-scopes': 'all',
    authorization: 'x',
    kind: 'y',
  };
  const named = await jwt.sign({ ...good, ...claims, sub: 'user-1' });
  const long = await jwt.sign({ ...good, sub: '€'.repeat(500) });
  const subject = { 'x-usher-subject': 'user-1' };
  return [
    { name: 'static token', sent: authorization(token), verdict: told(id, 'static') },
    {
      name: 'static token as bearer',
      sent: authorization(`bearer ${token}`),
      verdict: told(id, 'static'),
    },
    { name: 'jwt', sent: authorization(`Bearer ${signed}`), verdict: told(jwt.id, 'jwt', subject) },
    {
      name: 'no owner',
      sent: authorization(ownerless.token),
      verdict: told(ownerless.id, 'static', {
        'x-usher-owner': '',
        'x-usher-scopes': 'orders.read',
      }),
    },
    {
      name: 'owner beyond ASCII',
      sent: authorization(foreign.token),
      verdict: told(foreign.id, 'static', {
        'x-usher-owner': '%C3%9Cml%C3%A4ut & s%C3%B6hne 100%25',
        'x-usher-scopes': 'orders.read',
      }),
    },
    {
      name: 'line breaks, NUL and emoji in the subject',
      sent: authorization(`Bearer ${odd}`),
      verdict: told(jwt.id, 'jwt', {
        'x-usher-subject': 'a%0D%0Ax-usher-owner: evil%00%C3%A9%E2%82%AC%F0%9F%98%80%20',
      }),
    },
    {
      name: 'claims named like headers',
      sent: authorization(`Bearer ${named}`),
      verdict: told(jwt.id, 'jwt', subject),
    },
    {
      name: 'a subject too long for a header',
      sent: authorization(`Bearer ${long}`),
      verdict: told(jwt.id, 'jwt'),
    },
    {
      name: 'spoofed identity headers',
      sent: { headers: [['Authorization', ownerless.token], ...spoofed()] },
      verdict: told(ownerless.id, 'static', {
        'x-usher-owner': '',
        'x-usher-scopes': 'orders.read',
      }),
    },
  ];
}

/** Each identity header twice, in different letter case. */
function spoofed(): [string, string][] {
  return Object.keys(told('', 'static')).flatMap((name): [string, string][] => [
    [name.toUpperCase(), 'evil'],
    [name, 'evil'],
  ]);
}

async function refusedCases(usher: TestServer, { token }: Static, jwt: Jwt): Promise<Case[]> {
  const revoked = await makeStatic(usher, { scopes: ['orders.read'] });
  await adminOf(usher).revoke({ id: revoked.id, reason: 'test' });
  const unscoped = await makeStatic(usher);
  const { id: kid } = jwt;
  const bearer = async (claims: object, header: Record<string, unknown> = { kid }) =>
    authorization(`Bearer ${await jwt.sign({ ...good, ...claims }, header)}`);
  return [
    { name: 'no header', sent: {}, verdict: 'MISSING_CREDENTIALS' },
    { name: 'an empty header', sent: authorization(''), verdict: 'MISSING_CREDENTIALS' },
    { name: 'Bearer alone', sent: authorization('Bearer'), verdict: 'MALFORMED_CREDENTIALS' },
    { name: 'Basic', sent: authorization('Basic dTpw'), verdict: 'MALFORMED_CREDENTIALS' },
    { name: 'a token that is none', sent: authorization('nonsense'), verdict: 'INVALID_TOKEN' },
    {
      name: 'a typo',
      sent: authorization(token.slice(0, -1) + (token.endsWith('0') ? '1' : '0')),
      verdict: 'INVALID_TOKEN',
    },
    { name: 'no kid', sent: await bearer({}, {}), verdict: 'JWT_MISSING_KID' },
    {
      name: 'unknown kid',
      sent: await bearer({}, { kid: crypto.randomUUID() }),
      verdict: 'INVALID_TOKEN',
    },
    { name: 'no exp', sent: await bearer({ exp: undefined }), verdict: 'JWT_MISSING_EXP' },
    { name: 'expired', sent: await bearer({ exp: 1_000_000_000 }), verdict: 'EXPIRED' },
    { name: 'not yet valid', sent: await bearer({ nbf: 4_000_000_000 }), verdict: 'NOT_YET_VALID' },
    { name: 'revoked', sent: authorization(revoked.token), verdict: 'REVOKED' },
    { name: 'other audience', sent: await bearer({ aud: 'other' }), verdict: 'WRONG_AUDIENCE' },
    {
      name: 'scope not in the jwt',
      sent: await bearer({ scope: 'orders.write' }),
      verdict: 'INSUFFICIENT_SCOPE',
    },
    { name: 'no scope', sent: authorization(unscoped.token), verdict: 'INSUFFICIENT_SCOPE' },
  ];
}

function hostileHeaders({ token }: Static): Case[] {
  const twice: Sent = {
    headers: [
      ['Authorization', 'nonsense'],
      ['Authorization', token],
    ],
  };
  return [
    { name: 'two headers', sent: twice, verdict: 'MALFORMED_CREDENTIALS' },
    {
      name: 'joined by a comma',
      sent: authorization(`${token}, ${token}`),
      verdict: 'MALFORMED_CREDENTIALS',
    },
    // Some gateways replace the character, but the result is never an identity header.
    {
      name: 'a blank within',
      sent: authorization(`Bearer ${token} x`),
      verdict: 'MALFORMED_CREDENTIALS',
    },
    { name: 'a long one', sent: authorization('a'.repeat(9000)), verdict: 'MALFORMED_CREDENTIALS' },
  ];
}

async function hostileJwts(jwt: Jwt): Promise<Case[]> {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = await jwt.sign(good);
  const [header = '', payload = '', signature = ''] = signed.split('.');
  const none = `${encode({ alg: 'none', kid: jwt.id })}.${payload}.`;
  const other = await jwt.sign({ ...good, sub: 'other' });
  const forged = `${header}.${other.split('.')[1]}.${signature}`;
  const refused = (name: string, value: string): Case => ({
    name,
    sent: authorization(`Bearer ${value}`),
    verdict: 'INVALID_TOKEN',
  });
  return [
    refused('alg none', none),
    refused("another JWT's signature", forged),
    refused(
      'kid of another kind',
      `${encode({ alg: 'HS256', kid: '../../etc' })}.${payload}.${signature}`,
    ),
    refused('alg HS512', `${encode({ alg: 'HS512', kid: jwt.id })}.${payload}.${signature}`),
  ];
}

/** The text of a refusal's body. */
export function refusalBody(reason: Reason): string {
  return JSON.stringify({ error: reasons[reason].text });
}
