/** Starts the watchdog, and tells it what is played. */

import { Worker } from 'node:worker_threads';

/** What the watchdog's thread gets. */
export interface Watched {
  /** The number of the play, and the length of its input or -1 between plays. */
  state: Int32Array;
  input: Uint8Array;
  /** Where it writes an input that takes too long. */
  folder: string;
  /** The command that plays it again, without its path. */
  command: string;
}

const inputBytesMax = 2 ** 20;

/** Ends the process when a play does not end. */
export class Watchdog {
  readonly #state = new Int32Array(new SharedArrayBuffer(12));
  readonly #input = new Uint8Array(new SharedArrayBuffer(inputBytesMax));

  constructor(folder: string, command: string) {
    this.#state[1] = -1;
    const workerData: Watched = { state: this.#state, input: this.#input, folder, command };
    new Worker(new URL('./watchdog.ts', import.meta.url), { workerData }).unref();
  }

  begin(input: Buffer): void {
    this.#input.set(input.subarray(0, inputBytesMax));
    Atomics.store(this.#state, 1, input.length);
    Atomics.add(this.#state, 0, 1);
  }

  end(): void {
    Atomics.store(this.#state, 1, -1);
  }
}
