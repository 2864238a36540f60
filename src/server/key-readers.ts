/** Which replicas do not read a master key yet. */

import type { ReplicaHead } from '../store/status.ts';

/**
 * For whom a key must wait before it writes, as in "host:42 (it reads k1)": all live replicas must read it.
 * `own` is this replica, which must be among them, or it is not known who lives.
 */
export function laggards(
  heads: readonly ReplicaHead[],
  own: string,
  id: string,
  check: string | undefined,
): string[] {
  if (!heads.some(({ replica }) => replica === own))
    return ['the store to show which replicas live'];
  return heads.flatMap(({ replica, keys }) => {
    if (keys === undefined) return [`${replica} (it runs an earlier version)`];
    const known = keys.reads[id];
    if (known === check) return [];
    if (known !== undefined) return [`${replica} (it has another key under the id ${id})`];
    return [`${replica} (it reads ${Object.keys(keys.reads).join(', ')})`];
  });
}
