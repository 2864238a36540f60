/**
 * Turns of the event loop: what asks for much has a part of it done, and then waits until the others had
 * their turn, so that a single call waits for one part of one other at most.
 */

/** Has its turn; returns whether there was something to do. */
type Turn = () => boolean;

/** Those that wait, in order. */
const waiting: Turn[] = [];
let isScheduled = false;

function schedule(): void {
  if (isScheduled || waiting.length === 0) return;
  isScheduled = true;
  setImmediate(goOn);
}

function goOn(): void {
  isScheduled = false;
  while (waiting.shift()?.() === false);
  schedule();
}

/** Calls `turn` after those that wait already, one in each turn of the event loop, which then reads what has come. */
export function nextTurn(turn: Turn): void {
  waiting.push(turn);
  schedule();
}

/** What waits in a line. */
interface Task {
  work: number;
  run: () => void;
}

/** Tasks that wait, each in the line of its key: a turn is for one line, and runs some of its tasks. */
export class Lines<K> {
  readonly #workMax: number;
  readonly #lines = new Map<K, Task[]>();

  /** A turn runs tasks until they are as much work as this, in a unit of the caller's. */
  constructor(workMax: number) {
    this.#workMax = workMax;
  }

  /** Calls `run` in a turn of the line, behind the tasks that are in it. */
  add(key: K, work: number, run: () => void): void {
    const line = this.#lines.get(key);
    if (line !== undefined) return void line.push({ work, run });
    const first = [{ work, run }];
    this.#lines.set(key, first);
    nextTurn(() => this.#turn(key, first));
  }

  #turn(key: K, line: Task[]): boolean {
    for (let left = this.#workMax; left > 0; ) {
      const task = line.shift();
      if (task === undefined) break;
      left -= task.work;
      task.run();
    }
    if (line.length > 0) nextTurn(() => this.#turn(key, line));
    else this.#lines.delete(key);
    return true;
  }
}
