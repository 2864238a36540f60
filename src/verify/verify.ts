/** The decision: header → credential → record → proof → claims → verdict. */

import type { TokenReader } from '../store/store.ts';
import { parseAuthorization } from './credential.ts';
import { identify, judge } from './judge.ts';
import { readClaims } from './jwt.ts';
import type { VerifyLimits } from './limits.ts';
import type { Prove } from './prove.ts';
import type { Denied, Identity, Reason, Verdict } from './verdict.ts';

/** What is asked of the verifier. */
export interface Question {
  /** The value of the Authorization header; "" when there was none. */
  header: string;
  /** The audience that the token must be meant for; "" or absent asks for none. */
  audience?: string;
  /** Scopes that the token must have, all of them. */
  requiredScopes?: readonly string[];
}

/** Gives the verdict. Throws Unavailable when it cannot be known. */
export type Verify = (question: Question) => Promise<Verdict>;

/** Makes the verifier. `now` is in milliseconds since 1970. */
export function createVerify(
  tokens: TokenReader,
  prove: Prove,
  now: () => number,
  limits: VerifyLimits,
): Verify {
  return async ({ header, audience = '', requiredScopes = [] }) => {
    const credential = parseAuthorization(header, limits);
    if (typeof credential === 'string') return denied(credential);

    const record = await tokens.get(credential.tokenId);
    const at = now();
    const proven =
      credential.kind === 'static'
        ? prove.static(credential.token, record, at)
        : await prove.jwt(credential.jwt, record, at);
    if (record === undefined || !proven) return denied('INVALID_TOKEN');

    const claims = credential.kind === 'jwt' ? readClaims(credential.jwt, limits) : undefined;
    if (typeof claims === 'string') return denied(claims, identify(record, undefined));

    const identity = identify(record, claims);
    const reason = judge(record, claims, identity, { audience, requiredScopes }, at, limits);
    if (reason !== undefined) return denied(reason, identity);
    return { valid: true, identity, cacheTtlMs: cacheTtl(identity, at, limits), stale: false };
  };
}

function denied(reason: Reason, identity?: Identity): Denied {
  // An invalid token is nobody's, also where its signature was right.
  const known = identity !== undefined && reason !== 'INVALID_TOKEN';
  return known
    ? { valid: false, reason, identity, stale: false }
    : { valid: false, reason, stale: false };
}

/** A caller may reuse the verdict until the token ends, but no longer than a revocation may take. */
function cacheTtl({ exp }: Identity, now: number, { cacheTtlMsMax }: VerifyLimits): number {
  // `exp` is in whole seconds: the access token itself can end up to a second later.
  return exp === 0 ? cacheTtlMsMax : Math.max(0, Math.min(cacheTtlMsMax, exp * 1000 - now));
}
