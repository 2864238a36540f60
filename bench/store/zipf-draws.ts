/** Draws as Zipf's law says, and how many of them a memory that forgets the oldest finds in it. */

import { LRUCache } from 'lru-cache';

/** Draws from so many things: the nth most popular is drawn 1/n as often as the first. */
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

/** The share of what is drawn, after a warm-up, that a memory of so many entries has. */
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

/** How many entries a memory must have for such a share. */
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
