/** Divides USHER_MEMORY_MB among all that grows with what callers send. */

/** Most bytes of each part, per process. The table in docs/caching.md shows the division. */
export interface MemoryShares {
  /** Headers whose hash or signature was right, with their claims and encoded answers. */
  provenHeaders: number;
  /** Cached records. */
  records: number;
  /** Records from before the feed was lost, used while the store is down. */
  lastRecords: number;
  /** UUIDs without a record. */
  unknownIds: number;
  /** Imported tokens: the UUID of each. */
  imported: number;
  /** The same from before the feed was lost. */
  lastImported: number;
  /** Digests of no imported token. */
  notImported: number;
  /** Decrypted secret keys of JWTs. */
  openedKeys: number;
  /** Changes that a watcher who was away or reads slowly can still get. */
  changesBacklog: number;
  /** Counts of uses that are not written yet. */
  usage: number;
  /** Counts of wrong credentials, by source. */
  guesses: number;
  /** Counts of requests against the limits of access tokens. */
  limits: number;
  /** Requests that are not answered yet; at least the two longest that may come. */
  requestBytes: number;
}

/** What holds memory within a limit: the parts of USHER_MEMORY_MB, answers not read yet, and the directory of lists. */
type MemoryHolder = keyof MemoryShares | 'unreadAnswers' | 'directory';

/** Takes the function that says how many bytes a holder holds, and its limit in bytes. */
export type MemoryMetric = (
  what: MemoryHolder,
  heldBytes: () => number,
  limitBytes: number,
) => void;

/** In 64ths. */
const parts: MemoryShares = {
  provenHeaders: 24,
  records: 11,
  lastRecords: 6,
  unknownIds: 2,
  imported: 3,
  lastImported: 2,
  notImported: 1,
  openedKeys: 2,
  changesBacklog: 1,
  usage: 3,
  guesses: 1,
  limits: 2,
  requestBytes: 6,
};

/** The shares of a process with this setting. */
export function divideMemory(memoryMb: number): MemoryShares {
  const unit = (memoryMb * 1024 * 1024) / 64;
  const shares = { ...parts };
  for (const name of Object.keys(parts) as (keyof MemoryShares)[]) shares[name] *= unit;
  return shares;
}
