/** Tells the next start, and other replicas, how far the log is known. */

import type { ReplicaKeys } from '../status.ts';
import type { ContinuityLimits } from './limits.ts';
import type { Memory } from './memory.ts';
import type { StoreNotes } from './notes.ts';
import type { StateFile } from './state-file.ts';

/** A head that was not written again for so many leases is of a replica that ended. */
export const headLeasesMax = 5;

/** How, and in whose name. */
export interface HeadKeeperDeps {
  /** Host and process id of this replica. */
  replica: string;
  limits: Pick<ContinuityLimits, 'leaseMs'>;
  now: () => number;
  monotonicMs: () => number;
  stateFile?: StateFile | undefined;
  /** The version of Usher of this replica. */
  version?: string | undefined;
  /** The master keys of this replica now; absent where no other replica asks. */
  keys?: (() => ReplicaKeys) | undefined;
}

/**
 * Creates a function that writes the head: to the state file at once, to the store once per lease.
 * `onError` is called when the store cannot be written.
 */
export function headKeeper(
  notes: Pick<StoreNotes, 'writeHead'>,
  memory: Memory,
  { replica, limits, now, monotonicMs, stateFile, version, keys }: HeadKeeperDeps,
  onError: (error: unknown) => void,
): () => void {
  let writtenAtMs = Number.NEGATIVE_INFINITY;
  return () => {
    const head = memory.tail.head();
    const { identity } = memory;
    if (head === undefined || identity === undefined) return;
    stateFile?.remember({ ...head, identity });
    if (monotonicMs() - writtenAtMs < limits.leaseMs) return;
    writtenAtMs = monotonicMs();
    const more = { ...(version && { version }), ...(keys && { keys: keys() }) };
    const known = { replica, ...head, time: now(), ...more };
    notes.writeHead(known, headLeasesMax * limits.leaseMs).catch(onError);
  };
}
