/** Counts wrong credentials and slowed sources for the metrics, and logs the latter once a minute. */

import type { Logger } from '../log.ts';
import type { GuessDeps, SlowedReason } from '../tokens/guesses.ts';
import type { Metrics } from './metrics/metrics.ts';
import { warnRarely } from './warn-rarely.ts';

const texts: Record<SlowedReason, string> = {
  minute:
    'calls are refused: their source sent as many wrong credentials in a minute as ' +
    'USHER_GUESSES_PER_MINUTE_MAX allows; a proxy that many share belongs into USHER_TRUSTED_PROXIES',
  'at-once':
    'calls are refused: as many credentials of their source are being checked as ' +
    'USHER_GUESSES_AT_ONCE_MAX allows',
};

/** The functions that `createGuesses` calls. */
export function reportGuesses(
  metrics: Pick<Metrics, 'wrongCredential' | 'slowed'>,
  log: Pick<Logger, 'warn'>,
): Pick<GuessDeps, 'onWrong' | 'onSlowed'> {
  const warn = warnRarely({ log, monotonicMs: () => performance.now() });
  return {
    onWrong: metrics.wrongCredential,
    onSlowed(reason, source) {
      metrics.slowed(reason);
      warn(reason, { source }, texts[reason]);
    },
  };
}
