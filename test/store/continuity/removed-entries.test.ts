/** Entries that were removed for their age are no loss, and do not hide one. */

import { expect, onTestFinished, test } from 'vitest';
import { findFork, readOn } from '../../../src/store/continuity/check.ts';
import { type Continuity, createContinuity } from '../../../src/store/continuity/continuity.ts';
import { createTail } from '../../../src/store/continuity/tail.ts';
import type { AccessTokenRecord } from '../../../src/store/record.ts';
import { until } from '../../until.ts';
import { creation, eventOf, revocation } from '../changes.ts';
import { memoryStore } from './memory-store.ts';

const tailLimits = { bytesMax: 1 << 20, ageMsMax: Number.MAX_SAFE_INTEGER, entriesMin: 1 };

async function begin() {
  const store = memoryStore();
  const problems: string[] = [];
  const replica = async (limits = tailLimits): Promise<Continuity> => {
    const one = createContinuity(store, {
      replica: 'test',
      limits: { leaseMs: 86_400_000, claimWaitMs: 0, ...limits },
      now: Date.now,
      monotonicMs: () => 0,
      report: (_, detail) => detail !== undefined && problems.push(detail),
      onChange: () => undefined,
    });
    onTestFinished(() => one.stop());
    await one.confirm();
    return one;
  };
  const create = async (): Promise<AccessTokenRecord> => {
    const change = creation();
    await store.changes.commit(change);
    return change.record;
  };
  const looked = async (one: Continuity) => {
    one.doubt();
    await until(() => one.isSure());
    return (await one.storeStatus()).head?.sequence;
  };
  return { store, problems, replica, create, looked };
}

test('a replica goes on when its last entry was removed, and the next one holds its hash', async () => {
  const { store, problems, replica, create, looked } = await begin();
  const one = await replica();
  for (let n = 0; n < 3; n++) await create();
  expect(await looked(one)).toBe(3);
  await store.changes.append(eventOf('audit.checkpoint'));
  store.content.log.splice(0, 3);
  expect(await looked(one)).toBe(4);
  await create();
  expect(await looked(one)).toBe(5);
  expect(problems).toEqual([]);
});

test('what is lost behind removed entries is found and put back', async () => {
  const { store, problems, replica, create, looked } = await begin();
  // It does not remember the start of the log.
  const one = await replica({ ...tailLimits, ageMsMax: 0, entriesMin: 8 });
  const victims: AccessTokenRecord[] = [];
  for (let n = 0; n < 12; n++) victims.push(await create());
  expect(await looked(one)).toBe(12);
  store.content.log.splice(0, 9);
  const older = store.copy();
  const [victim] = victims as [AccessTokenRecord];
  await store.changes.commit(revocation(victim));
  expect(await looked(one)).toBe(13);
  store.content = older;
  expect(await looked(one)).toBe(14);
  expect(problems).toEqual([
    'the store lost entries of its log that this replica has read',
    expect.stringContaining('1 revocations and removals were put back'),
  ]);
  expect(store.content.records.get(victim.id)?.revokedAt).toBe(victim.createdAt);
});

test('a next entry that holds another hash shows nothing', async () => {
  const { store, create } = await begin();
  for (let n = 0; n < 4; n++) await create();
  const [, second, third] = store.content.log;
  if (second === undefined || third === undefined) throw new Error('no log');
  const known = { sequence: 2, hash: second.hash };
  const other = { sequence: 2, hash: third.hash };
  expect(await readOn(store.reads, other)).toBeUndefined();
  const tail = createTail(tailLimits, Date.now);
  tail.append(store.content.log.slice(0, 2));
  store.content.log.splice(0, 2);
  expect(await readOn(store.reads, other)).toBeUndefined();
  expect(await readOn(store.reads, { ...known, sequence: 1 })).toBeUndefined();
  expect((await readOn(store.reads, known))?.map(({ sequence }) => sequence)).toEqual([3, 4]);
  expect(await findFork(store.reads, tail)).toEqual(known);
});
