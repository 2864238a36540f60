/** How many searches go on at a time, and what they leave of each turn of the event loop to verdicts. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createDirectory } from '../../../src/tokens/list/directory.ts';
import { list } from '../../../src/tokens/list/list.ts';
import { createSearches } from '../../../src/tokens/list/searches.ts';
import { defaultLimits } from '../../limits.ts';
import { admin, expectRefused, fields, openOffice, reader } from '../setup.ts';

const { tokens, store, keys, now } = openOffice();

test('some searches go on, some wait for their turn, and more are refused', async () => {
  const search = createSearches({ searchesAtOnce: 2, searchesWaitingMax: 1 });
  const ends: (() => void)[] = [];
  const begun: number[] = [];
  const one = (n: number) =>
    search(async () => {
      begun.push(n);
      await new Promise<void>(resolve => ends.push(resolve));
      if (n === 1) throw new Error('it failed');
      return n;
    });
  const first = [one(1), one(2), one(3)];
  await expectRefused(one(4), 'RESOURCE_EXHAUSTED', /try again/);
  expect(begun).toEqual([1, 2]);
  ends.shift()?.();
  await expect(first[0]).rejects.toThrow('it failed');
  // One that fails makes room too.
  expect(begun).toEqual([1, 2, 3]);
  for (const end of ends) end();
  expect(await Promise.all(first.slice(1))).toEqual([2, 3]);
  const later = one(5);
  ends.at(-1)?.();
  expect(await later).toBe(5);
});

test('between two turns of the event loop the directory reads one page', async () => {
  for (let n = 0; n < 60; n++) await tokens.create(admin, 'static', fields({ name: `t${n}` }));
  let turn = 0;
  let isOver = false;
  const counting = (async () => {
    for (; !isOver; turn++) await nextTurn();
  })();
  const readIn = new Map<number, number>();
  const directory = createDirectory({
    store: {
      ...store,
      async scan(asked) {
        readIn.set(turn, (readIn.get(turn) ?? 0) + asked.limit);
        // As long as the work of a full page.
        for (const end = performance.now() + 3; performance.now() < end; );
        return await store.scan(asked);
      },
    },
    ...{ now, limits: { ...defaultLimits.directory, readAtOnce: 5 } },
    monotonicMs: () => performance.now(),
  });
  const view = await directory.view(false, 60_000);
  isOver = true;
  await counting;
  expect(view?.isComplete).toBe(true);
  expect(readIn.size).toBeGreaterThanOrEqual(12);
  expect(Math.max(...readIn.values())).toBe(5);
});

test('the first page of the API Manager has the directory made, that of a program does not', async () => {
  const directory = createDirectory({
    ...{ store, now, limits: defaultLimits.directory },
    monotonicMs: () => performance.now(),
  });
  const deps = { store, keys, now, directory };
  const query = { pageSize: 50, sort: 'newest' } as const;
  await list(deps, reader, query);
  expect(directory.bytes).toBe(0);
  await list(deps, { ...reader, sessionId: 'a session' }, query);
  const view = await directory.view(false, 60_000);
  expect(view?.entries.size).toBe(60);
  directory.close();
});
