/** Results come in the order of the items, with a limit on the items in progress. */

import { expect, test } from 'vitest';
import { inOrder } from '../../../src/transport/rpc/in-order.ts';

async function* numbers(count: number, onRead: (index: number) => void = () => {}) {
  for (let index = 0; index < count; index++) {
    onRead(index);
    yield index;
  }
}

test('later items that are done sooner wait for their turn', async () => {
  const gates = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
  const work = async (index: number) => {
    await gates[index]?.promise;
    // Each opens the gate of the one before it: they finish in reverse.
    gates[index - 1]?.resolve();
    return index;
  };
  gates[3]?.resolve();
  expect(await Array.fromAsync(inOrder(numbers(4), work, 4))).toEqual([0, 1, 2, 3]);
});

test('no more items are in progress than allowed', async () => {
  let underWay = 0;
  let most = 0;
  const work = async (index: number) => {
    most = Math.max(most, ++underWay);
    await new Promise(resolve => setImmediate(resolve));
    underWay--;
    return index;
  };
  expect(await Array.fromAsync(inOrder(numbers(50), work, 3))).toHaveLength(50);
  expect(most).toBe(3);
});

test('a failure comes after the results before it', async () => {
  const results: number[] = [];
  const work = async (index: number) => {
    if (index === 2) throw new Error('two');
    return index;
  };
  const all = (async () => {
    for await (const result of inOrder(numbers(5), work, 8)) results.push(result);
  })();
  await expect(all).rejects.toThrow('two');
  expect(results).toEqual([0, 1]);
});

test('the failure of a source comes after its items', async () => {
  async function* source() {
    yield 1;
    throw new Error('source');
  }
  const results: number[] = [];
  const all = (async () => {
    for await (const result of inOrder(source(), async item => item, 8)) results.push(result);
  })();
  await expect(all).rejects.toThrow('source');
  expect(results).toEqual([1]);
});

test('the source is read no further when the reader leaves', async () => {
  let read = 0;
  const source = numbers(1_000, index => {
    read = index;
  });
  for await (const _result of inOrder(source, async item => item, 2)) break;
  expect(read).toBeLessThan(10);
});
