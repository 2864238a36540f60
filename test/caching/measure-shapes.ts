/** A worker thread, for a heap of its own: posts the bytes that a value of each shape takes. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort } from 'node:worker_threads';
import { shapes } from './shapes.ts';

const count = 60;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heapBytes(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

function measure(shape: (n: number) => unknown): number {
  const held: unknown[] = new Array(count).fill(null);
  const before = heapBytes();
  for (let n = 0; n < count; n++) held[n] = JSON.parse(JSON.stringify(shape(n)));
  const bytes = (heapBytes() - before) / count;
  // They must live until they were measured.
  return held.length > 0 ? bytes : 0;
}

/** The median: V8 compiles and frees what is not of the values, too. */
function bytesOf(shape: (n: number) => unknown): number {
  // The first ones make what V8 keeps for all.
  for (let n = 0; n < 10; n++) JSON.parse(JSON.stringify(shape(n + count)));
  const measured = Array.from({ length: 5 }, () => measure(shape));
  return measured.sort((a, b) => a - b)[2] ?? Number.NaN;
}

parentPort?.postMessage(
  new Map(Object.entries(shapes).map(([name, shape]) => [name, bytesOf(shape)])),
);
