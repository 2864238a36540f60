/** The estimate of what a JSON value takes, against the heap. */

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { beforeAll, expect, test } from 'vitest';
import { answerWeights, heapWeights, jsonBytes } from '../../src/caching/json-bytes.ts';
import { shapes } from './shapes.ts';

let measured = new Map<string, number>();

beforeAll(async () => {
  [measured] = await once(new Worker(new URL('measure-shapes.ts', import.meta.url)), 'message');
});

test.each(Object.entries(shapes))('%s', (name, shape) => {
  const bytes = measured.get(name) ?? Number.NaN;
  const estimated = jsonBytes(JSON.parse(JSON.stringify(shape(0))), heapWeights);
  expect(bytes / estimated).toBeLessThan(1.4);
  expect(estimated / bytes).toBeLessThan(4);
});

test('a member that is undefined, and a missing value, weigh nothing of their own', () => {
  expect(jsonBytes(undefined, heapWeights)).toBe(0);
  expect(jsonBytes({ a: undefined }, heapWeights)).toBeLessThan(200);
});

test('what is answered weighs more than what is held', () => {
  for (const shape of Object.values(shapes)) {
    const value = shape(1);
    expect(jsonBytes(value, answerWeights)).toBeGreaterThan(jsonBytes(value, heapWeights));
  }
});
