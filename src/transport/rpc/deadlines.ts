/** Ends calls whose time is over: one timer for all of them, and none while there are none. */

/** Watches calls until they are answered. */
export interface Deadlines<T> {
  watch(call: T, deadlineMs: number): Watched<T>;
  /** Ends the timer. */
  stop(): void;
}

/** A call that is watched. */
export class Watched<T> {
  call: T | undefined;
  dueMs: number;

  constructor(call: T, dueMs: number) {
    this.call = call;
    this.dueMs = dueMs;
  }

  /** The call has been answered. */
  forget(): void {
    this.call = undefined;
  }
}

/** How late a deadline may be noticed, in milliseconds. The caller keeps its own to the point. */
const sweepMs = 50;

/**
 * Makes it. `expire` ends a call that is too late; it may ask to be called once more, so many
 * milliseconds later, if the call is not forgotten by then.
 */
export function createDeadlines<T>(expire: (call: T) => number | undefined): Deadlines<T> {
  /** A list, for there are many calls, and few live until the next sweep. */
  let all: Watched<T>[] = [];
  let timer: NodeJS.Timeout | undefined;

  const isStillDue = (watched: Watched<T>, nowMs: number) => {
    if (watched.call === undefined) return false;
    if (watched.dueMs > nowMs) return true;
    const againMs = expire(watched.call);
    if (againMs === undefined) return false;
    watched.dueMs = nowMs + againMs;
    return true;
  };
  const sweep = () => {
    timer = undefined;
    const nowMs = performance.now();
    const swept = all;
    all = [];
    for (const watched of swept) if (isStillDue(watched, nowMs)) all.push(watched);
    arm();
  };
  const arm = () => {
    if (all.length > 0) timer ??= setTimeout(sweep, sweepMs).unref();
  };
  return {
    watch(call, deadlineMs) {
      const watched = new Watched(call, performance.now() + deadlineMs);
      all.push(watched);
      arm();
      return watched;
    },
    stop: () => clearTimeout(timer),
  };
}
