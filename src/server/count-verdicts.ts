/** Counts verdicts where every door gets them, so that no door can forget to. */

import { type Awaitable, mapAwaitable } from '../store/awaitable.ts';
import { Unavailable } from '../store/store.ts';
import type { UsageMeter } from '../tokens/usage.ts';
import { anyone, type VerifyCaller } from '../tokens/verify-callers.ts';
import type { Door, DoorVerify } from '../transport/rpc/call.ts';
import type { Verdict } from '../verify/verdict.ts';
import type { Question, Verify } from '../verify/verify.ts';
import type { Metrics } from './metrics/metrics.ts';
import type { LogRefusal } from './refusal-log.ts';

/** Doors that do not use a token: a limit says nothing about whether it is valid. */
const uncounted: ReadonlySet<Door> = new Set(['introspect', 'revoke']);

/** Where verdicts are counted. */
export interface CountDeps {
  metrics: Pick<Metrics, 'verdict' | 'unavailable' | 'caller'>;
  usage: Pick<UsageMeter, 'note' | 'noteRefusal'>;
  /** Whether the address from which a token was used is kept; absent for yes. */
  keepsAddress?: boolean;
  /** Absent where refusals are not logged. */
  logRefusal?: LogRefusal | undefined;
}

/** Where a verdict is asked for, from which address the token was used, and by whom. */
interface Asked {
  door: Door;
  source: string | undefined;
  caller: string;
}

/**
 * The verifier for the doors: counts each verdict once for the metrics and, where the token is good, as a
 * use of its access token, with the address that it was used from unless `keepsAddress` is false. What
 * cannot be known is counted too. A verdict for a known caller is also
 * counted under its name, and made for its owners.
 */
export function countVerdicts(verify: Verify, deps: CountDeps): DoorVerify {
  const { metrics, usage, keepsAddress = true, logRefusal } = deps;
  const count = (verdict: Verdict, { door, source, caller }: Asked): Verdict => {
    metrics.verdict(verdict, door);
    const { identity } = verdict;
    if (!verdict.valid) logRefusal?.({ verdict, door, source, caller });
    // To revoke a token is not to use it. A refusal without an identity may be a guess.
    if (door === 'revoke' || identity === undefined) return verdict;
    if (!verdict.valid) usage.noteRefusal(identity.tokenId, verdict.reason);
    // JWTs are used by many, whose addresses are theirs.
    else
      usage.note(identity.tokenId, keepsAddress && identity.kind === 'static' ? source : undefined);
    return verdict;
  };
  const fail = (error: unknown): never => {
    if (error instanceof Unavailable) metrics.unavailable();
    throw error;
  };
  const ask = (question: Question, door: Door, caller: string): Awaitable<Verdict> => {
    try {
      const asked = uncounted.has(door) ? { ...question, isUse: false } : question;
      const source = question.source === '' ? undefined : question.source;
      return mapAwaitable(verify(asked), count, fail, { door, source, caller });
    } catch (error) {
      return fail(error);
    }
  };
  const countFor = (verdict: Verdict, { name }: VerifyCaller): Verdict => {
    metrics.caller(name, verdict.valid ? 'valid' : 'refused');
    return verdict;
  };
  const failFor = (error: unknown, { name }: VerifyCaller): never => {
    if (error instanceof Unavailable) metrics.caller(name, 'unavailable');
    throw error;
  };
  return (question, door, caller = anyone) => {
    if (caller === anyone) return ask(question, door, '');
    const { owners } = caller;
    const asked = owners === undefined ? question : { ...question, owners };
    try {
      return mapAwaitable(ask(asked, door, caller.name), countFor, failFor, caller);
    } catch (error) {
      return failFor(error, caller);
    }
  };
}
