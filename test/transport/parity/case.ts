/** The parity cases: their type, and the access tokens that they use. */

import { createHmac } from 'node:crypto';
import {
  type JudgedClaim,
  judgedClaims,
  type Reason,
  reasons,
  textOf,
} from '../../../src/verify/verdict.ts';

/** The access tokens that the cases use. */
export interface World {
  /** Whole seconds since 1970, as the server's clock stands when the cases are played. */
  now: number;
  /** Static tokens by their state. */
  good: string;
  goodId: string;
  scoped: string;
  revoked: string;
  expired: string;
  /** May be used from an address only that no caller of the tests has. */
  elsewhere: string;
  /** Imported tokens, by the form of the import and by their state. */
  imported: Record<ImportedForm | 'scoped' | ImportedEnd, string>;
  /** An imported jwt secret that is no text. */
  importedJwt: { kid: string; key: Uint8Array };
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

/** The forms of an imported token. */
type ImportedForm = 'plain' | 'sha256' | 'sha512' | 'odd' | 'dotted' | 'dottedHash' | 'spaced';

/** The states of an imported token. */
type ImportedEnd = 'revoked' | 'expired' | 'inGrace' | 'afterGrace' | 'native';

/** A kid and its secret. */
export interface Key {
  kid: string;
  secret: string;
}

/** A verdict: valid, or the reason and the claim that its text names. */
export type Outcome = 'valid' | Reason | `MALFORMED_CLAIM ${JudgedClaim}`;

/** The refusals by their texts. */
export const refusalsByText: ReadonlyMap<string, Exclude<Outcome, 'valid'>> = new Map([
  ...Object.keys(reasons).map(
    name => [textOf({ reason: name as Reason }), name as Reason] as const,
  ),
  ...judgedClaims.map(
    claim => [textOf({ reason: 'MALFORMED_CLAIM', claim }), `MALFORMED_CLAIM ${claim}`] as const,
  ),
]);

/** The reason of a refusal, without the claim. */
export function reasonOfOutcome(outcome: Exclude<Outcome, 'valid'>): Reason {
  return outcome.split(' ')[0] as Reason;
}

/** One question and its answer. */
export interface ParityCase {
  name: string;
  /** The Authorization headers, one each. */
  headers(world: World): string[];
  audience?: string;
  scopes?: string[];
  expected: Outcome;
}

/** Signs any header and payload, however wrong, as the holder of the secret could. */
export function sign(secret: string | Uint8Array, header: unknown, payload: unknown): string {
  const part = (value: unknown) =>
    Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
  const body = `${part(header)}.${part(payload)}`;
  return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
}

/** The claims of a JWT in a world. */
export type Claims = (world: World) => unknown;

/** One hour, in seconds. */
export const hour = 3600;
/** One Authorization header. */
export const bearer = (token: string) => [`Bearer ${token}`];

/** A JWT of the plain jwt access token, with some header parameters and claims. */
export function jwt(
  claims: Claims,
  header: Record<string, unknown> = {},
  key: (world: World) => Key = w => w.jwt,
) {
  return (world: World) => {
    const { kid, secret } = key(world);
    return bearer(sign(secret, { alg: 'HS256', typ: 'JWT', kid, ...header }, claims(world)));
  };
}

/** Claims with only an exp, in an hour. */
export const inAnHour: Claims = ({ now }) => ({ exp: now + hour });
/** The header of a good JWT without one parameter. */
export const without = (world: World, name: string) => {
  const header: Record<string, unknown> = { alg: 'HS256', typ: 'JWT', kid: world.jwt.kid };
  delete header[name];
  return header;
};
