/** Whether a store gives verdicts and takes changes, which in Redis have a connection of their own. */

import type { Store } from '../../src/store/store.ts';

export function takesChanges({ health }: Store): boolean {
  return health.up && !health.degraded.some(({ what }) => what === 'changes');
}
