/** Ends calls whose deadline has passed, with one timer for all calls and none while idle. */

/** The calls in progress. */
export interface Deadlines<T> {
  /** Adds a call that is due in `deadlineMs` milliseconds. */
  watch(call: T, deadlineMs: number): Watched<T>;
  /** Stops the timer. */
  stop(): void;
}

/** A call in progress. */
export class Watched<T> {
  /** Undefined once it has been answered. */
  call: T | undefined;
  /** Its deadline on the monotonic clock, in milliseconds. */
  dueMs: number;

  constructor(call: T, dueMs: number) {
    this.call = call;
    this.dueMs = dueMs;
  }

  /** Removes the call, which has been answered. */
  forget(): void {
    this.call = undefined;
  }
}

/** Interval between checks, in milliseconds. The caller's own timer is exact; this one may lag. */
const sweepMs = 50;

/**
 * `expire` is called for a call whose deadline has passed. It may return a number of milliseconds
 * after which it is called again, unless the call has been forgotten by then.
 */
export function createDeadlines<T>(expire: (call: T) => number | undefined): Deadlines<T> {
  /** An array, since few of many calls are still in progress at the next sweep. */
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
