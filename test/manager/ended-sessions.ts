/** Who signed out, in memory: what the store is to the API Manager's browser part. */

import type { EndedSessions } from '../../src/store/store.ts';

/** Remembers them; `fail` throws while the store is down. */
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
