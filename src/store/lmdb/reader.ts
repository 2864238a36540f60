/** Reads records for verification, and checks whether an earlier result is still current. */

import { changesLost } from '../continuity/lost.ts';
import type { CoherentReader, Found } from '../store.ts';
import type { LmdbRecords, Stored } from './records.ts';
import type { Tables } from './tables.ts';

/** A result with the log's last sequence number at which it was known to be current. */
interface LmdbFound extends Found {
  sequence: number;
  /** As Stored.version; absent without a record. */
  version?: string;
}

/** The reader, and how this process reports its own changes to it. */
export interface LmdbReader {
  records: CoherentReader;
  /** Call after a write: the next read checks the end of the log again. */
  written(): void;
}

/** A turn of the event loop that takes longer than this, in milliseconds, was stalled. */
const turnMsMax = 20;

/**
 * Creates the reader. Every change of a record is in the audit log, so nothing has changed while
 * the log has not. The log's end is read once per turn of the event loop, and again after a stall:
 * a call handled later in the same turn can have arrived long after the first read. `monotonicMs`
 * is `performance.now`; `check` throws Unavailable while nothing may be used; `isLost` says whether changes
 * of an access token were lost.
 */
export function lmdbReader(
  tables: () => Tables,
  stored: LmdbRecords,
  read: <T>(ask: () => T) => T,
  monotonicMs: () => number,
  check: () => void = () => undefined,
  isLost: (id: string) => boolean = () => false,
): LmdbReader {
  let isFresh = false;
  let readAtMs = 0;
  let sequence = 0;
  const grow = () => {
    isFresh = false;
  };
  const end = (): number => {
    const nowMs = monotonicMs();
    if (!isFresh || nowMs - readAtMs > turnMsMax) {
      readAtMs = nowMs;
      check();
      sequence = read(() => {
        // Without this, the read would use a snapshot of this turn from before the stall.
        tables().root.resetReadTxn();
        return Number(tables().root.get('audit-sequence') ?? 0);
      });
      isFresh = true;
      setImmediate(grow);
    }
    return sequence;
  };

  const records: CoherentReader = {
    find(id) {
      // The log's end first: a change in between then makes the record look older, never newer.
      const found: LmdbFound = { sequence: end(), record: undefined, stale: false };
      const now: Partial<Stored> = stored.get(id) ?? {};
      if (now.record?.revokedAt === undefined && isLost(id)) throw changesLost('access token');
      return Object.assign(found, now);
    },
    isCurrent(found) {
      const { record, version, sequence: known } = found as LmdbFound;
      if (record === undefined) return false;
      const now = end();
      if (known === now) return true;
      const isSame = read(() => tables().revisions.get(record.id)) === version;
      if (isSame) (found as LmdbFound).sequence = now;
      return isSame;
    },
  };
  return { records, written: grow };
}
