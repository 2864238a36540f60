/** Sessions that were signed out, in memory, in place of the store. */

import type { EndedSessions } from '../../src/store/store.ts';

/** Stores their ids. Each call first calls `fail`, which throws to simulate an outage. */
export function rememberEnded(fail: () => void = () => undefined): EndedSessions {
  const ended = new Set<string>();
  return {
    async endSession(id) {
      fail();
      ended.add(id);
    },
    isSessionEnded(id) {
      fail();
      return ended.has(id);
    },
  };
}
