/** A process that changes access tokens until it is killed, and prints each acknowledged change. */

import { writeSync } from 'node:fs';
import { storeAddress } from '../../src/store/address.ts';
import { openStore } from '../../src/store/open.ts';
import { patient, storeLimits } from '../limits.ts';
import { testSeal } from '../seal.ts';
import { until } from '../until.ts';
import { creation, update } from './changes.ts';
import { takesChanges } from './takes-changes.ts';

const store = await openStore(storeAddress(process.argv[2] ?? ''), {
  now: Date.now,
  seal: testSeal,
  limits: storeLimits({ redis: patient }),
});
await until(() => takesChanges(store));

async function commitForever(): Promise<void> {
  for (;;) {
    const made = creation({ owner: 'ann' });
    for (const change of [made, update(made.record, { name: 'changed' })]) {
      const { outcome } = await store.commit(change);
      if (outcome === 'done') writeSync(1, `${change.event.id}\n`);
    }
  }
}

await Promise.all(Array.from({ length: 4 }, commitForever));
