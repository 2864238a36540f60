/** Ends calls whose time is over: one timer for all of them, and none while there are none. */

/** Watches calls until they are answered. */
export interface Deadlines<T> {
  watch(call: T, deadlineMs: number): void;
  /** The call has been answered. */
  forget(call: T): void;
  /** Ends the timer. */
  stop(): void;
}

/** How late a deadline may be noticed, in milliseconds. The caller keeps its own to the point. */
const sweepMs = 50;

/**
 * Makes it. `expire` ends a call that is too late; it may ask to be called once more, so many
 * milliseconds later, if the call is not forgotten by then.
 */
export function createDeadlines<T>(expire: (call: T) => number | undefined): Deadlines<T> {
  const due = new Map<T, number>();
  let timer: NodeJS.Timeout | undefined;

  const sweep = () => {
    timer = undefined;
    const now = performance.now();
    for (const [call, dueMs] of due) {
      if (dueMs > now) continue;
      const againMs = expire(call);
      if (againMs === undefined) due.delete(call);
      else due.set(call, now + againMs);
    }
    arm();
  };
  const arm = () => {
    if (due.size > 0) timer ??= setTimeout(sweep, sweepMs).unref();
  };
  return {
    watch(call, deadlineMs) {
      due.set(call, performance.now() + deadlineMs);
      arm();
    },
    forget: call => void due.delete(call),
    stop: () => clearTimeout(timer),
  };
}
