/**
 * Pauses in long work of this process, such as a search of all access tokens, so that verdicts do not
 * wait for it. All such work shares one slice: ten searches hold up a verdict no longer than one.
 */

/** What slices are measured and ended by. */
interface SliceDeps {
  /** A clock that never jumps, in milliseconds. */
  monotonicMs: () => number;
  /** Resolves after the event loop has handled what had arrived. */
  nextTurn: () => Promise<void>;
}

/** How long work goes on, and how long it then waits. */
export const sliceLimits = {
  /** After this, work pauses, in milliseconds. */
  sliceMs: 2,
  /** A turn of the event loop that takes less, in milliseconds, had no call in it. */
  quietMs: 0.05,
  /** Turns without a call after which work goes on. */
  quietTurns: 2,
  /** Without such turns, calls get this many times what the work took. */
  patience: 4,
} as const;

/** Returns at once while a slice lasts, and otherwise once calls had their time. */
export type Rest = () => Promise<void>;

/** Creates it. */
export function createRest({ monotonicMs, nextTurn }: SliceDeps): Rest {
  const { sliceMs, quietMs, quietTurns, patience } = sliceLimits;
  /** When the slice began; undefined once the event loop went on since. */
  let began: number | undefined;
  let pausing: Promise<void> | undefined;
  const open = () => {
    const at = monotonicMs();
    began = at;
    // What waits for a store in between is in another turn: how long it worked there is not known.
    void nextTurn().then(() => {
      if (began === at) began = undefined;
    });
  };
  const pause = async (workedMs: number) => {
    const until = monotonicMs() + patience * workedMs;
    let quiet = 0;
    for (let last = monotonicMs(); quiet < quietTurns && last < until; ) {
      await nextTurn();
      const at = monotonicMs();
      quiet = at - last < quietMs ? quiet + 1 : 0;
      last = at;
    }
    pausing = undefined;
    open();
  };
  return async () => {
    if (pausing === undefined) {
      const workedMs = began === undefined ? sliceMs : monotonicMs() - began;
      if (workedMs < sliceMs) return;
      pausing = pause(workedMs);
    }
    await pausing;
  };
}

/** That of this process. Call it between the steps of long work, each of which takes a millisecond or less. */
export const rest: Rest = createRest({
  monotonicMs: () => performance.now(),
  nextTurn: () => new Promise(resolve => setImmediate(resolve)),
});
