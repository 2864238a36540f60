/** A process that revokes one access token of a store, and exits. */

import { storeAddress } from '../../src/store/address.ts';
import { openStore } from '../../src/store/open.ts';
import { storeLimits } from '../limits.ts';
import { testSeal } from '../seal.ts';
import { update } from './changes.ts';

const [url = '', id = ''] = process.argv.slice(2);
const store = await openStore(storeAddress(url), {
  now: Date.now,
  seal: testSeal,
  limits: storeLimits(),
});
const record = await store.get(id);
if (record !== undefined) await store.commit(update(record, { revokedAt: Date.now() }));
await store.close();
