/** Calls the API to verify headers and issue JWTs, with plain values instead of messages. */

import type { JsonObject } from '@bufbuild/protobuf';
import { durationFromMs, durationMs } from '@bufbuild/protobuf/wkt';
import { type Kind, kindOf } from '../client/kind.ts';
import type { VerifyResponse } from '../gen/usher/v1/verifier_pb.ts';
import { Reason } from '../gen/usher/v1/verifier_pb.ts';
import type { Admin } from './connect.ts';
import { call } from './connect.ts';

/** What to verify. */
export interface Question {
  /** The Authorization header's value. */
  header: string;
  /** The audience that a JWT must have; any if absent. */
  audience?: string | undefined;
  /** Scopes that the token must have; none if absent. */
  requiredScopes?: string[] | undefined;
  /** The address from which the token was used; not known if absent. */
  source?: string | undefined;
}

/** A verdict. Fields about the token are present only if its hash or signature matched. */
export interface Verdict {
  /** Whether the token is valid and meets the requirements. */
  valid: boolean;
  /** "NONE" when valid. */
  reason: string;
  /** The reason in words; "" when valid. */
  message: string;
  /** The HTTP status to answer with. */
  httpStatus: number;
  /** Whether it is from cached records because the store was down. */
  stale: boolean;
  /** UUID of the access token. */
  tokenId?: string;
  kind?: Kind;
  owner?: string;
  subject?: string;
  scopes?: string[];
  /** RFC 3339; absent if it never expires or the time is beyond JavaScript's dates. */
  expireTime?: string;
  /** Seconds since 1970; 0 if it never expires. */
  exp?: number;
  /** All claims of a JWT. */
  claims?: JsonObject;
  metadata?: JsonObject;
  revision?: number;
  /** How long the verdict may be cached, in milliseconds; absent for not at all. */
  cacheTtlMs?: number;
  /** RATE_LIMITED: how long to wait, in milliseconds. */
  retryAfterMs?: number;
  /** Whether the verdict holds only for this source; absent for false. */
  sourceDependent?: boolean;
}

/** The JWT to sign. */
export interface JwtOrder {
  /** UUID of the jwt access token; becomes the kid. */
  tokenId: string;
  subject?: string | undefined;
  audience?: string[] | undefined;
  scopes?: string[] | undefined;
  /** Further claims. */
  claims?: JsonObject | undefined;
  /** When it expires: seconds from now, or seconds since 1970. */
  expiry: { lifetimeSeconds: number } | { exp: number };
}

/** A signed JWT. */
export interface IssuedJwt {
  /** The compact form (RFC 7519). */
  jwt: string;
  /** The JWT's id, by which it can be revoked. */
  jti: string;
  /** Seconds since 1970. */
  iat: number;
  /** Seconds since 1970. */
  exp: number;
}

/** Verifies a header. Throws AdminError. */
export async function verify({ verifier }: Admin, question: Question): Promise<Verdict> {
  const { header, audience = '', requiredScopes = [], source = '' } = question;
  const request = { header, audience, requiredScopes, source };
  return verdict(await call(() => verifier.verify(request)));
}

/** Signs a JWT. Throws AdminError. */
export async function issueJwt({ verifier }: Admin, order: JwtOrder): Promise<IssuedJwt> {
  const { tokenId, subject = '', audience = [], scopes = [], claims, expiry } = order;
  const answer = await call(() =>
    verifier.issueJwt({
      tokenId,
      subject,
      audience,
      scopes,
      ...(claims && { claims }),
      expiry:
        'exp' in expiry
          ? { case: 'exp', value: BigInt(expiry.exp) }
          : { case: 'lifetime', value: durationFromMs(expiry.lifetimeSeconds * 1000) },
    }),
  );
  const { jwt, jti, iat, exp } = answer;
  return { jwt, jti, iat: Number(iat), exp: Number(exp) };
}

const reasonNames = new Map<number, string>(
  Object.entries(Reason).map(([name, code]) => [code, name]),
);

function verdict(answer: VerifyResponse): Verdict {
  const { valid, message, httpStatus, stale } = answer;
  const reason = reasonNames.get(answer.reason) ?? String(answer.reason);
  const told: Verdict = { valid, reason, message, httpStatus, stale };
  if (answer.tokenId === '') return told;
  const exp = Number(answer.exp);
  const end = exp > 0 ? new Date(exp * 1000) : undefined;
  return {
    ...told,
    tokenId: answer.tokenId,
    kind: kindOf(answer.kind),
    ...(answer.owner && { owner: answer.owner }),
    ...(answer.subject && { subject: answer.subject }),
    scopes: answer.scopes,
    exp,
    ...(end && Number.isFinite(end.getTime()) && { expireTime: end.toISOString() }),
    ...(answer.claims && { claims: answer.claims }),
    ...(answer.metadata && { metadata: answer.metadata }),
    revision: Number(answer.revision),
    ...(answer.cacheTtl && { cacheTtlMs: durationMs(answer.cacheTtl) }),
    ...(answer.retryAfter && { retryAfterMs: durationMs(answer.retryAfter) }),
    ...(answer.sourceDependent && { sourceDependent: true }),
  };
}
