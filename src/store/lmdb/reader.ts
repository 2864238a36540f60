/** Reads records for verification, and tells whether one read earlier is still current. */

import type { CoherentReader, Found } from '../store.ts';
import { decode } from './list.ts';
import type { Tables } from './tables.ts';

/** A record with the end of the audit log at which it was last known to be current. */
interface LmdbFound extends Found {
  sequence: number;
}

/** The reader, and word for it of the own process's changes. */
export interface LmdbReader {
  records: CoherentReader;
  /** Something was written: what comes next looks again. */
  written(): void;
}

/** A turn of the event loop that takes longer, in milliseconds, was held up. */
const turnMsMax = 20;

/**
 * Makes the reader. Every change of a record is in the audit log, so that nothing has changed while
 * the log has not. Its end is read once in a turn of the event loop, unless that was held up: what is
 * asked after a stall, in the same turn still, can have been sent long after the end was read.
 * `monotonicMs` is `performance.now`.
 */
export function lmdbReader(
  tables: () => Tables,
  read: <T>(ask: () => T) => T,
  monotonicMs: () => number,
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
      sequence = read(() => {
        // Another read of this turn may have left a snapshot from before the stall.
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
      // The end first: a change between the two makes the record look older than it is.
      const found: LmdbFound = { sequence: end(), record: undefined, stale: false };
      const record = decode(
        id,
        read(() => tables().tokens.get(id)),
      );
      return Object.assign(found, { record });
    },
    isCurrent(found) {
      const { record, sequence: known } = found as LmdbFound;
      if (record === undefined) return false;
      const now = end();
      if (known === now) return true;
      const isSame = read(() => tables().revisions.get(record.id)) === String(record.revision);
      if (isSame) (found as LmdbFound).sequence = now;
      return isSame;
    },
  };
  return { records, written: grow };
}
