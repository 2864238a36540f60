/** The thread that ends the process when a play does not end: the one that plays is busy. */

import { writeFileSync, writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import type { Watched } from './watch.ts';

/** How long a play may take, in milliseconds. */
const playMsMax = 60_000;
const lookMs = 1000;

const { state, input, folder, command } = workerData as Watched;
const [numberAt, lengthAt] = [0, 1];
let last = -1;
let sinceMs = performance.now();
for (;;) {
  Atomics.wait(state, 2, 0, lookMs);
  const number = Atomics.load(state, numberAt);
  const length = Atomics.load(state, lengthAt);
  if (number !== last || length < 0) {
    last = number;
    sinceMs = performance.now();
  } else if (performance.now() - sinceMs > playMsMax) {
    const path = `${folder}/endless.bin`;
    writeFileSync(path, Buffer.from(input).subarray(0, length));
    writeSync(
      2,
      `an input takes longer than ${playMsMax} ms: ${path}\n  ${command} --play ${path}\n`,
    );
    process.kill(process.pid, 'SIGKILL');
  }
}
