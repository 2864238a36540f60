/** Lets calls in until the store is closed. */

import type { Awaitable } from '../awaitable.ts';
import { Unavailable } from '../store.ts';

/** Counts the calls under way; once closing, it refuses new ones and waits for the others. */
export function closable() {
  let inside = 0;
  let onEmpty: (() => void) | undefined;
  let closed = false;
  return {
    isClosed: () => closed,
    async pass<T>(task: () => Promise<T>): Promise<T> {
      if (closed) throw new Unavailable('the store is closed');
      inside++;
      try {
        return await task();
      } finally {
        inside--;
        if (inside === 0) onEmpty?.();
      }
    },
    /** For calls that may be answered synchronously, from the cache; they are not waited for. */
    passNow<T>(task: () => Awaitable<T>): Awaitable<T> {
      if (closed) throw new Unavailable('the store is closed');
      return task();
    },
    async close() {
      closed = true;
      if (inside > 0) {
        await new Promise<void>(resolve => {
          onEmpty = resolve;
        });
      }
    },
  };
}
