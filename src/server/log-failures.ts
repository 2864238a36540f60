/** Logs what work in the background could not do. */

import type { StoreHealth } from '../store/health.ts';
import { Unavailable } from '../store/store.ts';

/**
 * Returns the function that has a failure logged by `write`, with a sentence and further fields. That the
 * store is down, or takes no changes, is said once by its health: what fails by it adds no line.
 */
export function logFailures(
  write: (fields: object, text: string) => void,
  health: Pick<StoreHealth, 'up' | 'degraded'>,
) {
  return (error: unknown, text: string, fields: object = {}) => {
    const takesChanges = health.up && !health.degraded.some(({ what }) => what === 'changes');
    if (takesChanges || !(error instanceof Unavailable)) write({ ...fields, error }, text);
  };
}
