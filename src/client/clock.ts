/** A clock that only goes forward, also while the machine sleeps, which the monotonic one may not count. */

/** Milliseconds since some time. */
export type Clock = () => number;

/** Differences of the two clocks below this are their own imprecision. */
const sleepMsMin = 50;

/**
 * Makes one of the monotonic clock and the wall clock: where the wall clock got ahead, the machine
 * slept or someone set it, and either way time is counted as passed. A cached verdict then expires too
 * early rather than too late.
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
