/** Turns of the event loop: one for each that waits, and lines of tasks that share them. */

import { expect, test } from 'vitest';
import { Lines, nextTurn } from '../../src/timing/turns.ts';

const turn = () => new Promise(setImmediate);

test('one goes on in each turn, in order; those without anything to do take none', async () => {
  const order: string[] = [];
  const step = (name: string, works: boolean) => () => {
    order.push(name);
    return works;
  };
  for (const name of ['a', 'b']) nextTurn(step(name, true));
  nextTurn(step('idle', false));
  nextTurn(step('c', true));
  const seen: string[] = [];
  while (order.length < 4) {
    await turn();
    seen.push(order.join(' '));
  }
  expect(seen.filter((each, n) => each !== seen[n - 1])).toEqual(['a', 'a b', 'a b idle c']);
});

test('a turn is for one line, and runs its tasks until they are enough work', async () => {
  const lines = new Lines<string>(10);
  let ran: string[] = [];
  for (let n = 0; n < 4; n++) {
    for (const key of ['a', 'b']) lines.add(key, 5, () => ran.push(`${key}${n}`));
  }
  // What a task adds comes behind the others of its line.
  lines.add('c', 5, () => lines.add('c', 5, () => ran.push('c1')));
  const turns: string[] = [];
  while (turns.length < 5) {
    await turn();
    if (ran.length > 0) turns.push(ran.join(' '));
    ran = [];
  }
  expect(turns).toEqual(['a0 a1', 'b0 b1', 'c1', 'a2 a3', 'b2 b3']);
});
