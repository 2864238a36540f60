/**
 * Virtual time for several simulated processes in one real process: events in order of time,
 * processes whose event loop can stall, and timers that belong to the process that set them.
 */

import type { Random } from './random.ts';

/** A simulated process. Events for it wait while it is stalled, in order within each lane. */
export interface Actor {
  readonly name: string;
  stalled: boolean;
  backlog: Event[];
}

interface Event {
  atMs: number;
  order: number;
  actor: Actor | undefined;
  lane: string;
  run: () => void;
  cancelled: boolean;
}

/** The world. */
export interface World {
  now(): number;
  /**
   * Runs a function later, in a process or (undefined) outside of all; returns how to cancel it.
   */
  later(delayMs: number, actor: Actor | undefined, lane: string, run: () => void): () => void;
  actor(name: string): Actor;
  /** Stalls a process for a while; then `wedge` may start something between the waiting events. */
  stall(actor: Actor, forMs: number, wedge: () => void): void;
  runUntil(endMs: number): Promise<void>;
}

const realImmediate = globalThis.setImmediate;
/** Waits for everything that follows from an event: microtasks, and one immediate that they set. */
const settle = async () => {
  for (let round = 0; round < 2; round++) {
    await new Promise<void>(done => realImmediate(done));
  }
};

/** Creates a world at time 0. While one of its processes runs, Node's timers are the world's. */
export function createWorld(random: Random): World & { end(): void } {
  const events = createHeap();
  let nowMs = 0;
  let order = 0;
  let current: Actor | undefined;

  const add = (atMs: number, actor: Actor | undefined, lane: string, run: () => void): Event => {
    const event = { atMs, order: order++, actor, lane, run, cancelled: false };
    events.push(event);
    return event;
  };
  const execute = async (event: Event) => {
    if (event.cancelled) return;
    current = event.actor;
    event.run();
    if (event.actor !== undefined) await settle();
    current = undefined;
  };

  const resume = async (actor: Actor, wedge: () => void) => {
    while (actor.backlog.length > 0) {
      const lane = random.pick([...new Set(actor.backlog.map(event => event.lane))]);
      const at = actor.backlog.findIndex(event => event.lane === lane);
      await execute(actor.backlog.splice(at, 1)[0] as Event);
      if (!random.chance(0.3)) continue;
      current = actor;
      wedge();
      await settle();
      current = undefined;
    }
    actor.stalled = false;
  };
  let resuming: { actor: Actor; wedge: () => void } | undefined;

  const { random: realRandom } = Math;
  Math.random = random.next;
  const restoreTimers = installTimers((delayMs, run) => {
    if (current === undefined) return undefined;
    const event = add(nowMs + Math.max(1, delayMs), current, 'timers', run);
    return () => {
      event.cancelled = true;
    };
  });

  return {
    now: () => nowMs,
    later(delayMs, actor, lane, run) {
      const event = add(nowMs + delayMs, actor, lane, run);
      return () => {
        event.cancelled = true;
      };
    },
    actor: name => ({ name, stalled: false, backlog: [] }),
    stall(actor, forMs, wedge) {
      if (actor.stalled) return;
      actor.stalled = true;
      add(nowMs + forMs, undefined, 'world', () => {
        resuming = { actor, wedge };
      });
    },
    async runUntil(endMs) {
      for (let event = events.peek(); event && event.atMs <= endMs; event = events.peek()) {
        events.pop();
        nowMs = Math.max(nowMs, event.atMs);
        if (event.actor?.stalled) event.actor.backlog.push(event);
        else await execute(event);
        if (resuming === undefined) continue;
        const { actor, wedge } = resuming;
        resuming = undefined;
        await resume(actor, wedge);
      }
      nowMs = endMs;
    },
    end() {
      restoreTimers();
      Math.random = realRandom;
    },
  };
}

/** A timer of the world with the interface of Node's timers. */
interface Timer {
  cancel: () => void;
  unref(): Timer;
}

/** Replaces Node's timers by `set`; where it returns undefined, the real timer is set. */
function installTimers(set: (delayMs: number, run: () => void) => (() => void) | undefined) {
  const { setTimeout, clearTimeout, setInterval, clearInterval } = globalThis;
  type Run = (...args: unknown[]) => void;
  const timerOf = (cancel: () => void) => {
    const timer: Timer = { cancel, unref: () => timer };
    return timer;
  };
  const clear = (timer: unknown, real: (timer: never) => void) => {
    if (typeof timer === 'object' && timer !== null && 'cancel' in timer) (timer as Timer).cancel();
    else real(timer as never);
  };
  Object.assign(globalThis, {
    setTimeout(run: Run, delayMs = 0, ...args: unknown[]) {
      const cancel = set(delayMs, () => run(...args));
      return cancel ? timerOf(cancel) : setTimeout(run, delayMs, ...args);
    },
    setInterval(run: Run, delayMs = 0, ...args: unknown[]) {
      const again = () => {
        timer.cancel = set(delayMs, again) ?? timer.cancel;
        run(...args);
      };
      const timer = timerOf(() => undefined);
      const cancel = set(delayMs, again);
      if (cancel === undefined) return setInterval(run, delayMs, ...args);
      timer.cancel = cancel;
      return timer;
    },
    clearTimeout: (timer: unknown) => clear(timer, clearTimeout),
    clearInterval: (timer: unknown) => clear(timer, clearInterval),
  });
  return () => {
    Object.assign(globalThis, { setTimeout, clearTimeout, setInterval, clearInterval });
  };
}

/** Events ordered by time, then by insertion: a binary heap. */
function createHeap() {
  const heap: Event[] = [];
  const isBefore = (one: number, two: number) => {
    const [a, b] = [heap[one] as Event, heap[two] as Event];
    return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
  };
  const swap = (one: number, two: number) => {
    [heap[one], heap[two]] = [heap[two] as Event, heap[one] as Event];
  };
  return {
    peek: () => heap[0],
    push(event: Event) {
      let at = heap.push(event) - 1;
      while (at > 0 && isBefore(at, (at - 1) >> 1)) {
        swap(at, (at - 1) >> 1);
        at = (at - 1) >> 1;
      }
    },
    pop() {
      swap(0, heap.length - 1);
      heap.pop();
      for (let at = 0; ; ) {
        const [left, right] = [2 * at + 1, 2 * at + 2];
        let first = at;
        if (left < heap.length && isBefore(left, first)) first = left;
        if (right < heap.length && isBefore(right, first)) first = right;
        if (first === at) return;
        swap(at, first);
        at = first;
      }
    },
  };
}
