/** A store that loses its end twice, as a Redis that comes back from the same snapshot again and again. */

import { expect, onTestFinished, test } from 'vitest';
import { type Continuity, createContinuity } from '../../../src/store/continuity/continuity.ts';
import { until } from '../../until.ts';
import { creation, eventOf, revocation, update } from '../changes.ts';
import { memoryStore } from './memory-store.ts';

const ageMsMax = Number.MAX_SAFE_INTEGER;

test('a loss is known to newcomers after the next one has lost its entry, until it is accepted', async () => {
  const store = memoryStore();
  const replica = async (): Promise<Continuity> => {
    const limits = { leaseMs: 86_400_000, claimWaitMs: 0, bytesMax: 1 << 20, entriesMin: 1 };
    const one = createContinuity(store, {
      ...{ replica: 'test', limits: { ...limits, ageMsMax }, now: Date.now },
      ...{ monotonicMs: () => 0, report: () => undefined, onChange: () => undefined },
    });
    onTestFinished(() => one.stop());
    await one.confirm();
    return one;
  };
  const all = [await replica(), await replica()];
  const [narrowed, revoked] = [creation(), creation()];
  for (const change of [narrowed, revoked]) await store.changes.commit(change);
  const person = { collection: 'people', id: 'ann', before: 0, body: {} } as const;
  await store.changes.changeDocument({ ...person, event: eventOf('person.create') });
  const snapshot = store.copy();
  await store.changes.commit(update(narrowed.record, { scopes: [] }));
  await store.changes.commit(revocation(revoked.record));
  const change = { ...person, before: 1, body: { disabled: true } };
  await store.changes.changeDocument({ ...change, event: eventOf('person.update') });
  for (const one of all) await one.look();

  const older = { collection: 'people', id: 'ann', revision: 1 } as const;
  for (let times = 0; times < 3; times++) {
    store.content = structuredClone(snapshot);
    for (const one of all) one.doubt();
    await until(() => all.every(one => one.isSure()));
    const newcomer = await replica();
    for (const one of [...all, newcomer]) {
      expect(one.isLost(narrowed.record.id)).toBe(true);
      expect(one.isDocumentLost(older)).toBe(true);
    }
    expect(store.content.records.get(revoked.record.id)?.revokedAt).toBeDefined();
    expect((await newcomer.storeStatus()).lost.length).toBeGreaterThanOrEqual(3);
    const healed = store.content.log.filter(({ action }) => action === 'store.healed');
    expect(healed.at(-1)?.after?.unavailable).toEqual([narrowed.record.id]);
  }
  await all[0]?.acceptStore({ actor: 'admin', peer: '' });
  const last = await replica();
  for (const one of [...all, last]) {
    await one.look();
    expect([one.isLost(narrowed.record.id), one.isDocumentLost(older)]).toEqual([false, false]);
  }
});
