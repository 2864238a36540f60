/** Draws by Zipf's law, and the hit rate that an LRU cache has with them. */

import { LRUCache } from 'lru-cache';

/** A function that draws from 0 to `count` - 1; the nth most popular is drawn 1/n as often. */
export function zipf(count: number): () => number {
  const sums = new Float64Array(count);
  let sum = 0;
  for (let n = 0; n < count; n++) {
    sum += 1 / (n + 1);
    sums[n] = sum;
  }
  return () => {
    const drawn = Math.random() * sum;
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] as number) < drawn) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

/** The hit rate (0 to 1) of an LRU cache with `entriesMax` entries, after a warm-up. */
export function hitShareOf(warmUp: number[], drawn: number[], entriesMax: number): number {
  const memory = new LRUCache<number, true>({ max: entriesMax });
  const hitsAmong = (all: number[]) => {
    let hits = 0;
    for (const n of all) {
      if (memory.get(n) === undefined) memory.set(n, true);
      else hits++;
    }
    return hits;
  };
  hitsAmong(warmUp);
  return hitsAmong(drawn) / drawn.length;
}

/** The smallest LRU cache with the hit rate `share`, in entries; at most `most`. */
export function entriesFor(share: number, warmUp: number[], drawn: number[], most: number): number {
  let low = 1;
  let high = most;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (hitShareOf(warmUp, drawn, middle) < share) low = middle + 1;
    else high = middle;
  }
  return low;
}
