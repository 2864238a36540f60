/** A monotonic clock that also advances while the machine sleeps. */

/** Milliseconds since an arbitrary time. */
export type Clock = () => number;

/** Smaller differences between the two clocks are imprecision, in milliseconds. */
const sleepMsMin = 50;

/**
 * Combines the monotonic and the wall clock. If the wall clock has gained time, the machine slept
 * or the clock was set; both count as time passed, so that leases expire early rather than late.
 */
export function createClock(
  monotonicMs: Clock = () => performance.now(),
  wallMs: Clock = Date.now,
): Clock {
  let ahead = 0;
  const differenceMs = wallMs() - monotonicMs();
  return () => {
    const monotonic = monotonicMs();
    const gained = wallMs() - monotonic - differenceMs;
    if (gained > ahead + sleepMsMin) ahead = gained;
    return monotonic + ahead;
  };
}
