/** The decision: header → credential → record → proof → claims → verdict. */

import type { CoherentReader } from '../store/store.ts';
import { parseAuthorization } from './credential.ts';
import { identify, judge } from './judge.ts';
import { readClaims } from './jwt.ts';
import type { VerifyLimits } from './limits.ts';
import { type Memory, memoryKey, type Proven } from './memory.ts';
import type { Prove } from './prove.ts';
import type { Denied, Granted, Reason, Verdict } from './verdict.ts';
import { watchedTtlMs } from './watched-ttl.ts';

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

/** What the verifier needs. */
export interface VerifyDeps {
  records: CoherentReader;
  prove: Prove;
  memory: Memory;
  /** Milliseconds since 1970. */
  now: () => number;
  limits: VerifyLimits;
}

/** Makes the verifier. */
export function createVerify({ records, prove, memory, now, limits }: VerifyDeps): Verify {
  return async ({ header, audience = '', requiredScopes = [] }) => {
    const key = memoryKey(header);
    const known = memory.recall(key);
    const isKnown = known !== undefined && records.isCurrent(known.found);
    const proven = isKnown ? known : await proveAnew(header, known);
    if ('reason' in proven) return proven;
    if (!isKnown) memory.keep(key, proven);

    const at = now();
    const { found, claims, identity, provenUntil } = proven;
    if (provenUntil <= at) return denied('INVALID_TOKEN', at);
    const asked = { audience, requiredScopes };
    const reason = judge(found.record, claims, identity, asked, at, limits);
    return reason === undefined ? granted(proven, at, limits) : denied(reason, at, proven);
  };

  async function proveAnew(header: string, known: Proven | undefined): Promise<Proven | Denied> {
    const credential = parseAuthorization(header, limits);
    if (typeof credential === 'string') return denied(credential, now());

    const { record, stale } = await records.find(credential.tokenId);
    const same = record !== undefined && record.revision === known?.found.record.revision;
    if (same) return { ...known, found: { record, stale } };

    const secret = await prove(credential, record, now());
    if (record === undefined || secret === undefined) return denied('INVALID_TOKEN', now());

    const found = { record, stale };
    const claims = credential.kind === 'jwt' ? readClaims(credential.jwt, limits) : undefined;
    const provenUntil = secret.goodUntil ?? Number.POSITIVE_INFINITY;
    if (typeof claims === 'string') {
      const identity = identify(record, undefined);
      return denied(claims, now(), { found, provenUntil, identity });
    }
    return { found, provenUntil, claims, identity: identify(record, claims) };
  }
}

/** An invalid token is nobody's, also where its signature was right: nothing is told of it. */
function denied(
  reason: Reason,
  now: number,
  proven?: Pick<Proven, 'found' | 'provenUntil' | 'identity'>,
): Denied {
  if (proven === undefined || reason === 'INVALID_TOKEN') {
    return { valid: false, reason, stale: false };
  }
  const watched = watchedTtlMs(proven, reason, now);
  return {
    valid: false,
    reason,
    identity: proven.identity,
    stale: proven.found.stale,
    ...(watched !== undefined && { watchedTtlMs: watched }),
  };
}

/** Callers may reuse the verdict until the token ends, but no longer than a revocation may take. */
function granted(proven: Proven, now: number, { cacheTtlMsMax }: VerifyLimits): Granted {
  const { identity, found } = proven;
  // `exp` is in whole seconds: the access token itself can end up to a second later.
  const endsMs = identity.exp === 0 ? Number.POSITIVE_INFINITY : identity.exp * 1000;
  const leftMs = Math.min(endsMs, proven.provenUntil) - now;
  const cacheTtlMs = found.stale ? 0 : Math.max(0, Math.min(cacheTtlMsMax, leftMs));
  const watched = watchedTtlMs(proven, undefined, now);
  const last = proven.granted;
  const same =
    last?.cacheTtlMs === cacheTtlMs && last.watchedTtlMs === watched && last.stale === found.stale;
  if (same) return last;
  proven.granted = {
    valid: true,
    identity,
    cacheTtlMs,
    ...(watched !== undefined && { watchedTtlMs: watched }),
    stale: found.stale,
  };
  return proven.granted;
}
