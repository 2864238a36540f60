/** Counts verdicts where every door gets them, so that no door can forget to. */

import { mapAwaitable } from '../store/awaitable.ts';
import { Unavailable } from '../store/store.ts';
import type { UsageMeter } from '../tokens/usage.ts';
import type { Door, DoorVerify } from '../transport/rpc/call.ts';
import type { Verdict } from '../verify/verdict.ts';
import type { Verify } from '../verify/verify.ts';
import type { Metrics } from './metrics.ts';

/** Doors that do not use a token: a limit says nothing about whether it is valid. */
const uncounted: ReadonlySet<Door> = new Set(['introspect', 'revoke']);

/**
 * The verifier for the doors: counts each verdict once for the metrics and, where the token is good, as a
 * use of its access token. What cannot be known is counted too.
 */
export function countVerdicts(
  verify: Verify,
  metrics: Pick<Metrics, 'verdict' | 'unavailable'>,
  usage: Pick<UsageMeter, 'note'>,
): DoorVerify {
  const count = (verdict: Verdict, door: Door): Verdict => {
    metrics.verdict(verdict, door);
    // To revoke a token is not to use it.
    if (verdict.valid && door !== 'revoke') usage.note(verdict.identity.tokenId);
    return verdict;
  };
  const fail = (error: unknown): never => {
    if (error instanceof Unavailable) metrics.unavailable();
    throw error;
  };
  return (question, door) => {
    try {
      const asked = uncounted.has(door) ? { ...question, isUse: false } : question;
      return mapAwaitable(verify(asked), count, fail, door);
    } catch (error) {
      return fail(error);
    }
  };
}
