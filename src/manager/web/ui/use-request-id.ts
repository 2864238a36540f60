/** Request ids: every try of one change has the same id, so that the server applies it once. */

import { useRef } from 'react';
import { v4 } from 'uuid';

/** The request ids of one form or dialog. */
export function useRequestId() {
  const last = useRef<{ asked: string; id: string }>(undefined);
  return {
    /** The id for a change; the same id as last time if the change is equal to the last one. */
    of(change: unknown): string {
      const asked = JSON.stringify(change, (_, value) =>
        typeof value === 'bigint' ? String(value) : value,
      );
      if (last.current?.asked !== asked) last.current = { asked, id: v4() };
      return last.current.id;
    },
    /** Call after success: an equal change from now on gets a new id. */
    done() {
      last.current = undefined;
    },
  };
}
