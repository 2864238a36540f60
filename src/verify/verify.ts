/** The decision: header → credential → record → proof → claims → verdict. */

import { type Awaitable, type CoherentReader, type Found, Unavailable } from '../store/store.ts';
import { denied, granted, refused } from './build-verdict.ts';
import { parseAuthorization } from './credential.ts';
import type { FindImported } from './imported.ts';
import { identify, judge } from './judge.ts';
import { readClaims } from './jwt.ts';
import type { VerifyLimits } from './limits.ts';
import { type Memory, type Proven, proofKey } from './proof-cache.ts';
import type { Prove } from './prove.ts';
import type { Denied, Verdict } from './verdict.ts';

/** What is asked of the verifier. */
export interface Question {
  /** The value of the Authorization header; "" when there was none. */
  header: string;
  /** The audience that the token must be meant for; "" or absent asks for none. */
  audience?: string;
  /** Scopes that the token must have, all of them. */
  requiredScopes?: readonly string[];
}

/** Gives the verdict, at once where it is remembered. Throws Unavailable when it cannot be known. */
export type Verify = (question: Question) => Awaitable<Verdict>;

/** What the verifier needs. */
export interface VerifyDeps {
  records: CoherentReader;
  findImported: FindImported;
  prove: Prove;
  memory: Memory;
  /** Milliseconds since 1970. */
  now: () => number;
  limits: VerifyLimits;
}

/** Steps of the times that are told, in milliseconds. */
const stepMs = 250;

/** Makes the verifier. */
export function createVerify(deps: VerifyDeps): Verify {
  const { records, findImported, prove, memory, now, limits } = deps;
  return question => {
    const key = proofKey(question.header);
    const known = memory.recall(key);
    if (known !== undefined && records.isCurrent(known.found)) return judgeNow(known, question);
    return proveHeader(question.header, known).then(proven => {
      if ('reason' in proven) return proven;
      memory.keep(key, proven);
      return judgeNow(proven, question);
    });
  };

  function judgeNow(proven: Proven, { audience = '', requiredScopes = [] }: Question): Verdict {
    const at = now();
    const { found, claims, identity, provenUntil } = proven;
    if (provenUntil <= at) return invalid(found);
    const asked = { audience, requiredScopes };
    const reason = judge(found.record, claims, identity, asked, at, limits);
    if (reason === 'INVALID_TOKEN') return invalid(found);
    return reason === undefined ? granted(proven, at, callersMs()) : refused(reason, proven, at);
  }

  /**
   * How long a caller may go on with a verdict: what it rests on was heard some time ago, and all of it
   * must be over within the lease. In steps, so that the same verdict can be given many times.
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
    if (known !== undefined && isFound(found) && isSame(found, known)) return { ...known, found };

    const secret = prove(credential, record, now());
    if (!isFound(found) || secret === undefined) return invalid(found);

    const claims = credential.kind === 'jwt' ? readClaims(credential.jwt, limits) : undefined;
    const provenUntil = secret.goodUntil ?? Number.POSITIVE_INFINITY;
    if (typeof claims === 'string') {
      const identity = identify(found.record, undefined);
      return refused(claims, { found, provenUntil, identity }, now());
    }
    return { found, provenUntil, claims, identity: identify(found.record, claims) };
  }
}

/**
 * Whether the record is still the one that the header was proven against. After a failover that lost a
 * change another one has its revision, but not its event.
 */
function isSame({ record }: Found, known: Proven): boolean {
  const { id, revision, eventId } = known.found.record;
  return record?.id === id && record.revision === revision && record.eventId === eventId;
}

/** By a record that is stale a good token may look invalid, whose secret came after it. */
function invalid({ stale }: Found): Denied {
  if (stale) throw new Unavailable('the record is too old to call a token invalid');
  return denied('INVALID_TOKEN');
}

function isFound(found: Found): found is Proven['found'] {
  return found.record !== undefined;
}
