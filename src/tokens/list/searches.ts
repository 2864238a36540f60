/** Bounds how many searches of the directory go on at a time: each holds what it found so far. */

import { TokenError } from '../errors.ts';
import type { DirectoryLimits } from '../limits.ts';

/**
 * Runs a search, after those that came before it. Throws TokenError RESOURCE_EXHAUSTED when too many
 * wait already.
 */
export type Searches = <T>(search: () => Promise<T>) => Promise<T>;

/** Creates it. */
export function createSearches({
  searchesAtOnce,
  searchesWaitingMax,
}: Pick<DirectoryLimits, 'searchesAtOnce' | 'searchesWaitingMax'>): Searches {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async search => {
    if (running < searchesAtOnce) running++;
    else if (waiting.length < searchesWaitingMax) {
      // A search that ends hands its place on.
      await new Promise<void>(resolve => waiting.push(resolve));
    } else {
      throw new TokenError(
        'RESOURCE_EXHAUSTED',
        'too many searches go on at the moment: try again in some seconds',
      );
    }
    try {
      return await search();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  };
}
