/** Counts events by key within a sliding minute or the like, in bounded memory. */

/** The counts. No key is ever counted too low because others were counted. */
export interface WindowCounts {
  /** What all counts weigh, in bytes. */
  readonly bytes: number;
  /** Counts an event. */
  add(key: string): void;
  /** Whether an event of this very key was counted within this window or the one before it, and is remembered. */
  has(key: string): boolean;
  /**
   * The events within the window: those since it turned, and of those before it turned the part that
   * a steady stream would have left.
   */
  of(key: string): number;
  /** The time until `of` is below a limit, if nothing is added, in milliseconds; 0 if it is. */
  waitMs(key: string, limit: number): number;
}

/** What the counts may take. */
export interface WindowLimits {
  /** Length of the window, in milliseconds. */
  windowMs: number;
  /** What all counts may weigh, in bytes. */
  bytesMax: number;
}

/** What a count takes in memory with its key, in bytes. */
const countBytes = 256;

/** The counts of one window. */
interface Table {
  counts: Map<string, number>;
  /** The keys by their count, to find one with the lowest. */
  byCount: Map<number, Set<string>>;
  /** Not above the lowest count. */
  lowest: number;
  /** The highest count that was evicted: a key that is absent may have had it. */
  floor: number;
}

/**
 * Creates them. When there is no room for a further key, one with the lowest count leaves, and every
 * absent key then counts as much: a key that was evicted does not start from zero (the algorithm
 * Space-Saving by Metwally, Agrawal and El Abbadi, 2005). `monotonicMs` is `performance.now`.
 */
export function createWindowCounts(
  { windowMs, bytesMax }: WindowLimits,
  monotonicMs: () => number,
): WindowCounts {
  const keysMax = Math.max(1, Math.floor(bytesMax / 2 / countBytes));
  let [current, previous] = [emptyTable(), emptyTable()];
  let startedMs = monotonicMs();

  /** Turns the windows that have passed, and returns the part of the current one that has. */
  const turn = (): number => {
    const nowMs = monotonicMs();
    const passed = Math.floor((nowMs - startedMs) / windowMs);
    if (passed > 0) {
      previous = passed === 1 ? current : emptyTable();
      current = emptyTable();
      startedMs += passed * windowMs;
    }
    return (nowMs - startedMs) / windowMs;
  };

  return {
    get bytes() {
      return (current.counts.size + previous.counts.size) * countBytes;
    },
    add(key) {
      turn();
      if (!current.counts.has(key) && current.counts.size >= keysMax) evictLowest(current);
      const count = countIn(current, key) + 1;
      remove(current, key);
      current.counts.set(key, count);
      const same = current.byCount.get(count) ?? new Set();
      current.byCount.set(count, same.add(key));
      current.lowest = Math.min(current.lowest, count);
    },
    has(key) {
      turn();
      return current.counts.has(key) || previous.counts.has(key);
    },
    of(key) {
      const part = turn();
      return countIn(current, key) + countIn(previous, key) * (1 - part);
    },
    waitMs(key, limit) {
      const part = turn();
      const [now, before] = [countIn(current, key), countIn(previous, key)];
      if (now + before * (1 - part) < limit) return 0;
      // Within this window the events before it fade; after it, those of this window do.
      const fadedAt =
        now < limit ? 1 - (limit - now) / before : 1 + Math.max(0, 1 - limit / Math.max(1, now));
      return Math.max(1, Math.ceil((fadedAt - part) * windowMs));
    },
  };
}

function emptyTable(): Table {
  return { counts: new Map(), byCount: new Map(), lowest: Number.POSITIVE_INFINITY, floor: 0 };
}

function countIn({ counts, floor }: Table, key: string): number {
  return counts.get(key) ?? floor;
}

function remove({ counts, byCount }: Table, key: string): void {
  const count = counts.get(key);
  if (count === undefined) return;
  counts.delete(key);
  const same = byCount.get(count);
  same?.delete(key);
  if (same?.size === 0) byCount.delete(count);
}

function evictLowest(table: Table): void {
  while (!table.byCount.has(table.lowest)) table.lowest++;
  const [key = ''] = table.byCount.get(table.lowest) ?? [];
  table.floor = Math.max(table.floor, table.lowest);
  remove(table, key);
}
