/**
 * Time during which this process ran, and timers on it, for judging others: a caller that is too
 * slow, a server that does not answer. After a stall (SIGSTOP, a suspended machine, a long garbage
 * collection) a plain timer fires before the input that arrived meanwhile has been read.
 */

/** How often the clock is brought forward, in milliseconds. */
const tickMs = 100;
/** Most that it advances from one tick to the next, in milliseconds; a longer gap is a stall. */
const gapMsMax = 250;

let awakeUntilTickMs = 0;
let tickedMs = 0;
let isTicking = false;

/** Milliseconds for which this process ran, from an arbitrary start: never backwards, slow in a stall. */
export function awakeMs(): number {
  if (!isTicking) start();
  return awakeUntilTickMs + Math.min(performance.now() - tickedMs, gapMsMax);
}

function start(): void {
  isTicking = true;
  tickedMs = performance.now();
  const tick = () => {
    awakeUntilTickMs = awakeMs();
    tickedMs = performance.now();
  };
  setInterval(tick, tickMs).unref();
}

/** A timer that has been set. */
export interface AwakeTimer {
  /** Stops it. */
  clear(): void;
}

/**
 * Calls `judge` once this process ran for `ms` milliseconds, and has read what had arrived by then.
 * The timer does not keep the process running.
 */
export function awakeTimeout(judge: () => void, ms: number): AwakeTimer {
  const dueMs = awakeMs() + ms;
  let immediate: NodeJS.Immediate | undefined;
  const check = () => {
    const leftMs = dueMs - awakeMs();
    if (leftMs > 0) timer = setTimeout(check, leftMs).unref();
    // Input is read between the timers of the event loop and its immediates.
    else immediate = setImmediate(judge);
  };
  let timer = setTimeout(check, ms).unref();
  return {
    clear() {
      clearTimeout(timer);
      clearImmediate(immediate);
    },
  };
}
