/** A step of the stop that hangs does not hold up the rest, and is named in the log. */

import { expect, test } from 'vitest';
import { stopStep } from '../../src/server/stop-step.ts';

const forever = new Promise<never>(() => {});

function setup() {
  const lines: object[] = [];
  return { lines, log: { error: (fields: object) => void lines.push(fields) } as never };
}

test('a step that ends is waited for', async () => {
  const { lines, log } = setup();
  let done = false;
  const step = new Promise(resolve => setImmediate(resolve)).then(() => {
    done = true;
  });
  await stopStep('store', step, 60_000, log);
  expect([done, lines]).toEqual([true, []]);
});

test('one that hangs is left behind, and named', async () => {
  const { lines, log } = setup();
  await stopStep('store', forever, 10, log);
  expect(lines).toEqual([{ step: 'store', limitMs: 10 }]);
});

test('one that fails, fails the stop', async () => {
  const { log } = setup();
  const failed = stopStep('store', Promise.reject(new Error('no')), 60_000, log);
  await expect(failed).rejects.toThrow('no');
});
