/** Remembers who signed out, in bounded memory, and never forgets one that could still be used. */

/** Sessions that ended before their time. */
export interface EndedSessions {
  /** Ends a session; `until` is when it would have ended by itself, in milliseconds since 1970. */
  add(id: string, until: number): void;
  has(session: { id: string; signedInAt: number }): boolean;
}

/**
 * Makes an empty one. `announce` tells other worker processes, which then call `add` of theirs (it
 * announces nothing that it was told before).
 */
export function createEndedSessions(options: {
  now: () => number;
  max: number;
  announce?: (id: string, until: number) => void;
}): EndedSessions {
  const { now, max, announce } = options;
  const ended = new Map<string, number>();
  /** Sessions from before this time are ended, all of them. */
  let floor = 0;
  const sweep = () => {
    for (const [id, until] of ended) if (until <= now()) ended.delete(id);
  };
  return {
    add(id, until) {
      if (ended.has(id) || until <= now()) return;
      if (ended.size >= max) sweep();
      if (ended.size >= max) {
        // Full: signing everyone out is safe, forgetting a sign-out is not.
        floor = now() + 1;
        ended.clear();
      }
      ended.set(id, until);
      announce?.(id, until);
    },
    has: session => session.signedInAt < floor || ended.has(session.id),
  };
}
