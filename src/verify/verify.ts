/** Verifies a header: credential → record → hash or signature → claims → verdict. */

import type { Awaitable } from '../store/awaitable.ts';
import { type CoherentReader, type Found, Unavailable } from '../store/store.ts';
import { denied, granted, refused } from './build-verdict.ts';
import { readClaims } from './claims.ts';
import { parseAuthorization } from './credential.ts';
import type { FindImported } from './imported.ts';
import { identify, judge } from './judge.ts';
import type { VerifyLimits } from './limits.ts';
import type { MasterKeys } from './master-keys.ts';
import {
  isSameRecord,
  type ProofCache,
  type Proven,
  proofKey,
  type Source,
} from './proof-cache.ts';
import type { Prove } from './prove.ts';
import type { Denied, Verdict } from './verdict.ts';

/** A request for a verdict. */
export interface Question {
  /** The value of the Authorization header; "" when it is missing. */
  header: string;
  /** The required audience; "" or absent requires none. */
  audience?: string;
  /** The required scopes: the token must have all. */
  requiredScopes?: readonly string[];
}

/**
 * Returns the verdict, synchronously when cached. Throws Unavailable when it cannot be determined.
 */
export type Verify = (question: Question) => Awaitable<Verdict>;

/** The dependencies of the verifier. */
export interface VerifyDeps {
  records: CoherentReader;
  findImported: FindImported;
  keys: MasterKeys;
  prove: Prove;
  proofs: ProofCache;
  /** The current time in milliseconds since 1970. */
  now: () => number;
  limits: VerifyLimits;
}

/** Reuse times are rounded down to multiples of this, in milliseconds. */
const stepMs = 250;

/** Creates the verifier. */
export function createVerify(deps: VerifyDeps): Verify {
  const { records, findImported, prove, proofs, now, limits } = deps;
  return question => {
    const key = proofKey(question.header, limits.headerBytesMax);
    const known = proofs.get(key);
    if (known !== undefined && records.isCurrent(known.source.found)) {
      return judgeNow(known, question);
    }
    return proveHeader(question.header, known).then(proven => {
      if ('reason' in proven) {
        if (known !== undefined) proofs.delete(key);
        return proven;
      }
      const verdict = judgeNow(proven, question);
      // The claims of a JWT that is refused are not worth their memory.
      if (verdict.valid || proven.claims === undefined) proofs.set(key, proven);
      else if (known !== undefined) proofs.delete(key);
      return verdict;
    });
  };

  function judgeNow(proven: Proven, { audience = '', requiredScopes = [] }: Question): Verdict {
    const at = now();
    const { source, claims, identity, provenUntil } = proven;
    const { found } = source;
    if (provenUntil <= at) return invalid(found);
    const asked = { audience, requiredScopes };
    const refusal = judge(found.record, claims, identity, asked, at, deps);
    return refusal === undefined ? granted(proven, at, callersMs()) : refused(refusal, proven, at);
  }

  /**
   * How long a caller may reuse a verdict. The age of the record and the reuse together must end
   * within the lease. Rounded, so that the same verdict, and its encoded form, serves many calls.
   */
  function callersMs(): number {
    const leftMs = limits.leaseMs - (records.ageMs?.() ?? 0);
    return Math.min(limits.cacheTtlMsMax, Math.max(0, Math.floor(leftMs / stepMs) * stepMs));
  }

  async function proveHeader(header: string, known: Proven | undefined): Promise<Proven | Denied> {
    const credential = parseAuthorization(header, limits);
    if (typeof credential === 'string') return denied(credential);

    const tokenId = credential.tokenId ?? (await findImported(credential.token));
    if (tokenId === undefined) return denied('INVALID_TOKEN');

    const found = await records.find(tokenId);
    const { record } = found;
    if (known !== undefined && isFound(found) && isSameRecord(record, known.source)) {
      known.source.found = found;
      return known;
    }

    const secret = prove(credential, record, now());
    if (!isFound(found) || secret === undefined) return invalid(found);

    const claims =
      credential.kind === 'jwt'
        ? readClaims(credential.jwt.payload, limits.claimsDepthMax)
        : undefined;
    const source = { found };
    const provenUntil = secret.goodUntil ?? Number.POSITIVE_INFINITY;
    if (claims !== undefined && 'reason' in claims) {
      const identity = identify(found.record, undefined);
      return refused(claims, { source, provenUntil, identity }, now());
    }
    return { source, provenUntil, claims, identity: identify(found.record, claims) };
  }
}

/** With a stale record, a valid token can look invalid, since its secret may be newer. */
function invalid({ stale }: Found): Denied {
  if (stale) throw new Unavailable('the record is too old to call a token invalid');
  return denied('INVALID_TOKEN');
}

function isFound(found: Found): found is Source['found'] {
  return found.record !== undefined;
}
