/** All that a replica knows of its store: identity, end of the log, and what was lost. */

import type { LogPoint } from '../status.ts';
import { endOf, logStart, readBack, readOn } from './check.ts';
import { createLostChanges, type LostChanges } from './lost.ts';
import type { WatchedStore } from './notes.ts';
import { createOwnEntries, type OwnEntries } from './own-entries.ts';
import { createTail, entryBytes, type Tail, type TailLimits } from './tail.ts';

/** What is remembered over a restart. */
export interface Remembered extends LogPoint {
  identity: string;
}

/** The memory of one replica. */
export interface Memory {
  /** The identity of the store; undefined before one was read. */
  identity: string | undefined;
  readonly tail: Tail;
  readonly own: OwnEntries;
  readonly lost: LostChanges;
  /** Entries that were known, and that the store no longer has. */
  gone: readonly LogPoint[];
  /** The end of a log that lacked entries of others: they may be told once it has grown. */
  holeAt: string | undefined;
  /** The last known entry, of any replica; undefined before any was read. */
  head(): LogPoint | undefined;
  /** Begins at the end that the log has now. Throws Unavailable. */
  adopt(identity: string): Promise<void>;
  /**
   * Reads on from the head. False when the log does not hold it, or lacks an entry that this
   * process appended. Throws Unavailable.
   */
  readOn(): Promise<boolean>;
}

/** Creates it. `now` is in milliseconds since 1970; `onLost` is called when this replica finds a loss. */
export function createMemory(
  { reads: log, notes }: Pick<WatchedStore, 'reads' | 'notes'>,
  limits: TailLimits,
  now: () => number,
  remembered: Remembered | undefined,
  onLost?: () => void,
): Memory {
  const tail = createTail(limits, now);
  const own = createOwnEntries(tail);
  const lost = createLostChanges(onLost);
  let isFilled = false;
  if (remembered !== undefined) tail.start(pointOf(remembered));

  /** Reads the entries of the last day: revocations that can be put back; and known losses of any age. */
  const fill = async () => {
    if (isFilled) return;
    const first = tail.entries()[0]?.sequence ?? (tail.head()?.sequence ?? 0) + 1;
    const oldest = now() - limits.ageMsMax;
    const before = await readBack(log, first, oldest, limits.bytesMax / entryBytes);
    for (const loss of await notes.losses()) lost.add(loss);
    lost.read(before);
    tail.prepend(before);
    isFilled = true;
  };

  return {
    identity: remembered?.identity,
    tail,
    own,
    lost,
    gone: [],
    holeAt: undefined,
    head: () => pointOf(own.last() ?? tail.head()),
    async adopt(identity) {
      const end = await endOf(log);
      tail.start(end);
      own.clear();
      lost.clear();
      isFilled = false;
      await fill();
      this.identity = identity;
      this.gone = [];
      this.holeAt = undefined;
    },
    async readOn() {
      const appended = own.take();
      const more = await readOn(log, tail.head() ?? logStart);
      if (more === undefined) return false;
      await fill();
      tail.append(more);
      lost.read(more);
      return own.areIn(more, appended);
    },
  };
}

function pointOf(point: LogPoint): LogPoint;
function pointOf(point: LogPoint | undefined): LogPoint | undefined;
function pointOf(point: LogPoint | undefined): LogPoint | undefined {
  return point && { sequence: point.sequence, hash: point.hash };
}
