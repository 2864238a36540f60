/** Request ids: the same for the same change, however often it is sent; another for another change. */

import { useRef } from 'react';
import { v4 } from 'uuid';

/** Gives the request id of a change: a retry after a failure has the id of the first try. */
export function useRequestId() {
  const last = useRef<{ asked: string; id: string }>(undefined);
  return {
    of(change: unknown): string {
      const asked = JSON.stringify(change, (_, value) =>
        typeof value === 'bigint' ? String(value) : value,
      );
      if (last.current?.asked !== asked) last.current = { asked, id: v4() };
      return last.current.id;
    },
    /** The change was made: asked for again, it is a new one. */
    done() {
      last.current = undefined;
    },
  };
}
