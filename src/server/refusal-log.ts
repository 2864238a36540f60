/** The lines of the log about refused tokens, at most so many a second. */

import type { Logger } from '../log.ts';
import type { Door } from '../transport/rpc/call.ts';
import type { CallScopes } from '../transport/rpc/call-scopes.ts';
import type { Denied } from '../verify/verdict.ts';

/** A refusal. */
interface Refusal {
  verdict: Denied;
  door: Door;
  /** The address from which the token was used; undefined or "" when it is not known. */
  source: string | undefined;
  /** Who asked, where it has a name. */
  caller: string;
}

/** Logs a refusal, unless there were too many in this second. */
export type LogRefusal = (refusal: Refusal) => void;

/** What the lines need. */
export interface RefusalLogDeps {
  log: Pick<Logger, 'info'>;
  /** Most lines in a second. */
  perSecondMax: number;
  /** `performance.now` */
  monotonicMs(): number;
  scopes: Pick<CallScopes, 'requestId'>;
}

/** Creates it. The first line after refusals without one has their number, as `skipped`. */
export function createRefusalLog(deps: RefusalLogDeps): LogRefusal {
  const { log, perSecondMax, monotonicMs, scopes } = deps;
  let beganMs = Number.NEGATIVE_INFINITY;
  let lines = 0;
  let skipped = 0;
  return ({ verdict, door, source, caller }) => {
    const nowMs = monotonicMs();
    if (nowMs - beganMs >= 1000) {
      beganMs = nowMs;
      lines = 0;
    }
    if (lines >= perSecondMax) {
      skipped++;
      return;
    }
    lines++;
    const { reason, identity } = verdict;
    const line = {
      ...{ reason, kind: identity?.kind ?? 'unknown', door },
      ...(source && { source }),
      ...(identity !== undefined && { tokenId: identity.tokenId }),
      ...(caller !== '' && { caller }),
      // Besides the line, the caller gets this id with its answer.
      requestId: scopes.requestId(),
      ...(skipped > 0 && { skipped }),
    };
    skipped = 0;
    log.info(line, 'a token was refused');
  };
}
