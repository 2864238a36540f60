/** Simulated time: tasks run in order after random delays, and actors can be suspended. */

/** A process. While it is suspended its tasks wait; afterwards they run in order. */
export interface Actor {
  suspendedUntil: number;
}

/** The schedule of one run. */
export interface Schedule {
  now(): number;
  /** A pseudo-random number in [0, 1), from the seed. */
  random(): number;
  /** A whole number of milliseconds. */
  between(low: number, high: number): number;
  /** Schedules a task of an actor. */
  after(ms: number, actor: Actor, task: () => void): void;
  /** Runs until a time. */
  run(untilMs: number): Promise<void>;
}

interface Task {
  at: number;
  order: number;
  actor: Actor;
  task(): void;
}

/** Creates a schedule. The same seed gives the same run. */
export function createSchedule(seed: number): Schedule {
  let now = 0;
  let order = 0;
  let tasks: Task[] = [];
  let state = seed >>> 0;
  // Mulberry32.
  const random = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const isBefore = (a: Task, b: Task) => a.at < b.at || (a.at === b.at && a.order < b.order);
  const put = (task: Task) => {
    let low = 0;
    let high = tasks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBefore(tasks[middle] as Task, task)) low = middle + 1;
      else high = middle;
    }
    tasks.splice(low, 0, task);
  };
  return {
    now: () => now,
    random,
    between: (low, high) => low + Math.floor(random() * (high - low + 1)),
    after: (ms, actor, task) => put({ at: now + ms, order: order++, actor, task }),
    async run(untilMs) {
      for (let next = tasks.shift(); next && next.at <= untilMs; next = tasks.shift()) {
        now = next.at;
        if (next.actor.suspendedUntil > now) {
          put({ ...next, at: next.actor.suspendedUntil });
          continue;
        }
        next.task();
        // Callbacks of promises that this task settled run before the next task.
        for (let turn = 0; turn < 8; turn++) await Promise.resolve();
      }
      tasks = [];
    },
  };
}

/** A connection in one direction: in order, with random delays, until it is cut. */
export function createWay(schedule: Schedule, receiver: Actor, delayMsMax: () => number) {
  let lastAt = 0;
  let isCut = false;
  return {
    send(task: () => void) {
      if (isCut) return;
      const at = Math.max(lastAt, schedule.now() + schedule.between(0, delayMsMax()));
      lastAt = at;
      schedule.after(at - schedule.now(), receiver, () => {
        if (!isCut) task();
      });
    },
    cut() {
      isCut = true;
    },
  };
}
