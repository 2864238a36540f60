/** Limits what V8 takes for the heap beside the objects that are in use. */

import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * How far the heap may grow between two collections, in percent of what the last one left. V8's own
 * choice is up to 300, and then the process takes several times of USHER_MEMORY_MB.
 */
const growingPercent = 50;

/**
 * Keeps the heap small. Called before the server is loaded: what makes the space for new objects
 * grow is its start, and a burst of calls. V8 would let it have 64 MB.
 */
export function boundHeap(): void {
  setFlagsFromString(`--heap-growing-percent=${growingPercent}`);
  setFlagsFromString('--semi-space-growth-factor=1');
}

/** Bytes of objects and buffers that are in use, or not collected yet. Takes some microseconds. */
export function heapBytes(): number {
  const { used_heap_size, external_memory } = getHeapStatistics();
  return used_heap_size + external_memory;
}

/**
 * Collects all garbage at once, and returns the memory of buffers, which takes some 30 ms. V8 lets
 * 64 MB of buffers become garbage before it does so by itself.
 */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (how: { type: 'major'; flavor: 'last-resort' }) => void;
  setFlagsFromString('--no-expose-gc');
  // A collection of this kind also returns pages that V8 keeps for later.
  collect({ type: 'major', flavor: 'last-resort' });
}
