/** A loss that was not accepted is known to every replica that starts, however late, and however large it is. */

import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Continuity, createContinuity } from '../../../src/store/continuity/continuity.ts';
import { lostChangesMax } from '../../../src/store/continuity/loss-entries.ts';
import { until } from '../../until.ts';
import { creation, eventOf, update } from '../changes.ts';
import { type MemoryStore, memoryStore } from './memory-store.ts';

let store: MemoryStore;
let replicas: Continuity[];

beforeEach(() => {
  store = memoryStore();
  replicas = [];
});
afterEach(async () => {
  for (const replica of replicas) await replica.stop();
});

async function started(ageMsMax = Number.MAX_SAFE_INTEGER): Promise<Continuity> {
  const one = createContinuity(store, {
    replica: 'test',
    limits: {
      ...{ leaseMs: 86_400_000, claimWaitMs: 0 },
      ...{ bytesMax: 1 << 22, ageMsMax, entriesMin: 1 },
    },
    now: Date.now,
    monotonicMs: () => 0,
    report: () => undefined,
    onChange: () => undefined,
  });
  replicas.push(one);
  await one.confirm();
  return one;
}

/** Loses the updates of some new access tokens; resolves to their ids, once a replica has noted it. */
async function lose(count: number): Promise<string[]> {
  const one = await started();
  const made = Array.from({ length: count }, () => creation());
  for (const change of made) await store.changes.commit(change);
  const before = store.copy();
  for (const { record } of made) await store.changes.commit(update(record, { scopes: [] }));
  await one.look();
  store.content = before;
  one.doubt();
  await until(async () => {
    await one.look();
    return one.isSure();
  });
  return made.map(({ record }) => record.id);
}

const entries = () => store.content.log.filter(({ action }) => action === 'store.healed');

test('a replica that starts long after a loss knows it, until it is accepted', async () => {
  const [id = ''] = await lose(1);
  // More entries than are read back when none of them is of the last day.
  for (let n = 0; n < 1001; n++) await store.changes.append(eventOf('call.refused'));
  const later = await started(0);
  expect(later.isLost(id)).toBe(true);
  expect((await later.storeStatus()).lost).toHaveLength(1);
  await later.acceptStore({ actor: 'admin', peer: '' });
  expect(later.isLost(id)).toBe(false);
  expect((await started(0)).isLost(id)).toBe(false);
});

test('a loss of more changes than an entry names has several, and each is named once', async () => {
  const ids = await lose(lostChangesMax + 1);
  const counts = entries().map(({ after }) => [after?.unavailable].flat().length);
  expect(counts).toEqual([lostChangesMax, 1]);
  expect(new Set(entries().map(({ id }) => id)).size).toBe(2);
  // What is kept beside the log is not needed while the entries are read.
  store.content.losses.clear();
  const later = await started();
  expect(ids.filter(id => !later.isLost(id))).toEqual([]);
});
