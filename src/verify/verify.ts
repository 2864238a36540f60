/** Verifies a header: credential → record → hash or signature → claims → verdict. */

import type { TokenLimits } from '../limiting/token-limits.ts';
import type { Awaitable } from '../store/awaitable.ts';
import { type CoherentReader, type Found, Unavailable } from '../store/store.ts';
import { denied, granted, refused } from './build-verdict.ts';
import { readClaims } from './claims.ts';
import { type Credential, parseAuthorization } from './credential.ts';
import type { FindImported } from './imported.ts';
import { identify, judge, judgeLimits } from './judge.ts';
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
import { createShareProofs } from './share-proofs.ts';
import type { Trace, Watched } from './trace.ts';
import { traceMissing, traceProof } from './trace-proof.ts';
import type { Denied, Identity, Reason, Verdict } from './verdict.ts';

/** A request for a verdict. */
export interface Question {
  /** The value of the Authorization header; "" when it is missing. */
  header: string;
  /** The required audience; "" or absent requires none. */
  audience?: string;
  /** The required scopes: the token must have all. */
  requiredScopes?: readonly string[];
  /**
   * Whether a valid verdict is a use, which counts against the limits of the token; absent for yes. One
   * that is none is not refused for them either.
   */
  isUse?: boolean;
  /** The IP address from which the token was used; "" or absent when it is not known. */
  source?: string;
  /** The owners of the one who asks, to whom the tokens of others are invalid; absent for no such limit. */
  owners?: readonly string[];
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
  tokenLimits: TokenLimits;
  /** The current time in milliseconds since 1970. */
  now: () => number;
  limits: VerifyLimits;
}

/** Reuse times are rounded down to multiples of this, in milliseconds. */
const stepMs = 250;

/** Creates the verifier. */
export function createVerify(deps: VerifyDeps): Verify {
  const { records, proofs, limits } = deps;
  const { proveHeader, judgeNow } = createDecision(deps);
  const shareProofs = createShareProofs<Proven | Denied>();
  return question => {
    const key = proofKey(question.header, limits.headerBytesMax);
    const known = proofs.get(key);
    if (known !== undefined && records.isCurrent(known.source.found)) {
      return judgeNow(known, question);
    }
    return shareProofs(key, () => proveHeader(question.header, known)).then(proven => {
      if ('reason' in proven) {
        if (known !== undefined) proofs.delete(key);
        return isOthers(question, proven.identity) ? invalid(proven) : proven;
      }
      const verdict = judgeNow(proven, question);
      // The claims of a JWT that is refused are not worth their memory, unless it is for a while only.
      const isWorth = verdict.valid || verdict.reason === 'RATE_LIMITED';
      if (isWorth || proven.claims === undefined) proofs.set(key, proven);
      else if (known !== undefined) proofs.delete(key);
      return verdict;
    });
  };
}

/** The two halves of a decision: the proof of a header, and what a request asks of the token. */
export interface Decision {
  /** `known` is the proof of an earlier request; `watched` follows each step. Throws Unavailable. */
  proveHeader(
    header: string,
    known: Proven | undefined,
    watched?: Watched,
  ): Promise<Proven | Denied>;
  /** Throws Unavailable. */
  judgeNow(proven: Proven, question: Question, trace?: Trace): Verdict;
}

/** Creates the decision, which `verify` caches the proofs of, and `explain` follows. */
export function createDecision(deps: Omit<VerifyDeps, 'proofs'>): Decision {
  const { records, findImported, prove, now, limits, tokenLimits } = deps;
  return { proveHeader, judgeNow };

  function judgeNow(proven: Proven, question: Question, trace?: Trace): Verdict {
    const { audience = '', requiredScopes = [], source: from = '' } = question;
    const at = now();
    const { source, claims, identity, provenUntil } = proven;
    const { found } = source;
    if (provenUntil <= at || isOthers(question, identity)) return invalid(found);
    const token = { record: found.record, claims, identity };
    const refusal = judge(token, { audience, requiredScopes, source: from }, at, deps, trace);
    if (refusal !== undefined) return refused(refusal, proven, at);
    const { rateLimit, quota } = found.record;
    if (rateLimit === undefined && quota === undefined) return granted(proven, at, callersMs());
    const over = question.isUse === false ? undefined : judgeLimits(token, at, tokenLimits, trace);
    const limitUses =
      proven.granted?.limitUses ?? (() => tokenLimits.uses(found.record, identity.subject, now()));
    if (over !== undefined) return { ...refused(over, proven, at), limitUses };
    return granted(proven, at, 0, limitUses);
  }

  /**
   * How long a caller may reuse a verdict. The age of the record and the reuse together must end
   * within the lease. Rounded, so that the same verdict, and its encoded form, serves many calls.
   */
  function callersMs(): number {
    const leftMs = limits.leaseMs - (records.ageMs?.() ?? 0);
    return Math.min(limits.cacheTtlMsMax, Math.max(0, Math.floor(leftMs / stepMs) * stepMs));
  }

  async function proveHeader(
    header: string,
    known: Proven | undefined,
    watched?: Watched,
  ): Promise<Proven | Denied> {
    const credential = parseAuthorization(header, limits, watched?.trace);
    if (typeof credential === 'string') return denied(credential);

    const tokenId = credential.tokenId ?? (await findImported(credential.token));
    if (tokenId === undefined) {
      if (watched !== undefined) traceMissing(credential, watched.trace);
      return denied(reasonWithout(credential));
    }

    const finding = records.find(tokenId);
    const found = await finding;
    const { record } = found;
    if (known !== undefined && isFound(found) && isSameRecord(record, known.source)) {
      known.source.found = found;
      return known;
    }

    const secret = prove(credential, record, now());
    if (watched !== undefined) {
      const isCached = finding === found;
      const seen = { credential, found, secret, isCached, ageMs: records.ageMs?.(), now: now() };
      if (!traceProof(seen, deps, watched)) return denied(reasonWithout(credential));
    }
    if (!isFound(found) || secret === undefined) return invalid(found);

    const claims =
      credential.kind === 'jwt'
        ? readClaims(credential.jwt, limits.claimsDepthMax, watched?.trace)
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

/** Why a credential is refused when there is no access token for it. */
function reasonWithout(credential: Credential): Reason {
  return credential.tokenId === undefined ? credential.otherwise : 'INVALID_TOKEN';
}

/** Whether a token that was proven is not for the one who asks to know. */
function isOthers({ owners }: Question, identity: Identity | undefined): boolean {
  return owners !== undefined && identity !== undefined && !owners.includes(identity.owner);
}

/** With a stale record, a valid token can look invalid, since its secret or owner may be newer. */
function invalid({ stale }: Pick<Found, 'stale'>): Denied {
  if (stale) throw new Unavailable('the record is too old to call a token invalid');
  return denied('INVALID_TOKEN');
}

function isFound(found: Found): found is Source['found'] {
  return found.record !== undefined;
}
