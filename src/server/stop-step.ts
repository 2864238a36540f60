/** Keeps a stop within its time: one step that hangs does not hold up the rest. */

import type { Logger } from '../log.ts';
import { awakeTimeout } from '../timing/awake.ts';

/**
 * Waits for a step, at most `limitMs` milliseconds: then logs its name and continues without it,
 * which loses no change: one is acknowledged when it is in the store. Rejects as the step does.
 */
export function stopStep(
  name: string,
  step: Promise<unknown>,
  limitMs: number,
  log: Pick<Logger, 'error'>,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = awakeTimeout(() => {
    log.error({ step: name, limitMs }, 'a step of the stop took too long; it continues without');
    resolve();
  }, limitMs);
  step.then(() => resolve(), reject);
  return promise.finally(() => timer.clear());
}
