/** Options of an LRU cache that is bounded in bytes. */

/** Takes the function that says how many bytes a cache holds. */
type Meter = (heldBytes: () => number) => void;

/** Counts lookups in a cache, which raises them itself. */
export interface Lookups {
  hits: number;
  misses: number;
}

/** Bounds of a cache. */
export interface CacheLimits {
  /** What all entries may weigh together, in bytes. */
  bytesMax: number;
  /** Most entries, however light. */
  entriesMax: number;
  /** Called once by the cache, for the metrics. */
  meter?: Meter;
  /** Where the cache counts its lookups; absent for nowhere. */
  lookups?: Lookups;
}

/** What an LRU cache needs for an entry besides key and value, in bytes. */
const entryBytes = 160;

/** The cache's tables have room for so light entries, in bytes. */
const lightestBytes = 256;

/** What an entry with this key and a value of so many bytes weighs. */
export function cachedBytes(key: string, valueBytes: number): number {
  return entryBytes + key.length + valueBytes;
}

/** The options that bound a cache whose values weigh `bytesOf`. */
export function weighed<T>({ bytesMax, entriesMax }: CacheLimits, bytesOf: (value: T) => number) {
  return {
    max: Math.max(1, Math.min(entriesMax, Math.ceil(bytesMax / lightestBytes))),
    maxSize: Math.max(1, Math.floor(bytesMax)),
    sizeCalculation: (value: T, key: string) => Math.ceil(cachedBytes(key, bytesOf(value))),
  };
}
