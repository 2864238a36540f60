/** Ends calls whose deadline has passed, with one timer for all calls and none while idle. */

import { type AwakeTimer, awakeMs, awakeTimeout } from '../../timing/awake.ts';

/** The calls in progress. */
export interface Deadlines<T> {
  /** Adds a call that is due in `deadlineMs` milliseconds. */
  watch(call: T, deadlineMs: number): Watched<T>;
  /** Stops the timer. */
  stop(): void;
}

/** A call in progress. */
export class Watched<T> {
  /** Undefined once it is over. */
  call: T | undefined;
  /** Its deadline on the clock of `awakeMs`, in milliseconds. */
  dueMs: number;

  constructor(call: T, dueMs: number) {
    this.call = call;
    this.dueMs = dueMs;
  }

  /** Removes the call, which is over. */
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
  let timer: AwakeTimer | undefined;

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
    const nowMs = awakeMs();
    const swept = all;
    all = [];
    for (const watched of swept) if (isStillDue(watched, nowMs)) all.push(watched);
    arm();
  };
  const arm = () => {
    if (all.length > 0) timer ??= awakeTimeout(sweep, sweepMs);
  };
  return {
    watch(call, deadlineMs) {
      const watched = new Watched(call, awakeMs() + deadlineMs);
      all.push(watched);
      arm();
      return watched;
    },
    stop: () => timer?.clear(),
  };
}
