/** Fills a store with tens of thousands of access tokens, before a server opens it. */

import { v7 } from 'uuid';
import { storeAddress } from '../../src/store/address.ts';
import { openStore } from '../../src/store/open.ts';
import type { AccessTokenRecord } from '../../src/store/record.ts';
import { createRecordSeal } from '../../src/verify/record-seal.ts';
import { patient, storeLimits } from '../limits.ts';
import { secrets } from './run-server.ts';

const batch = 1000;
const day = 86_400_000;

/**
 * The nth access token: the first, which is the oldest, is "the needle", and three are of "rare team". One
 * in a hundred was made this week, the others two hundred days ago.
 */
function nth(n: number, count: number, nowMs: number): AccessTokenRecord {
  const createdAt = nowMs - (n * 100 >= count * 99 ? 7 : 200) * day + n;
  const id = v7({ msecs: createdAt });
  return {
    ...{ id, revision: 1, kind: n % 2 === 0 ? 'static' : 'jwt', createdAt, updatedAt: createdAt },
    name: n === 0 ? 'the needle' : `worker ${n}`,
    owner: n % (count / 2) === 1 || n === 2 ? 'rare team' : `team ${n % 20}`,
    scopes: [`orders:${n % 3}`],
    createdBy: 'admin',
    secrets: [{ masterKeyId: 'k1', value: 'aGFzaA', createdAt }],
    eventId: crypto.randomUUID(),
  };
}

/** Fills the store of this address with `count` of them, an even number. */
export async function fillStore(url: string, count: number, nowMs: number): Promise<void> {
  const bytes = Buffer.from(secrets.USHER_MASTER_KEYS.split(':')[1] ?? '', 'base64');
  const store = await openStore(storeAddress(url), {
    now: () => nowMs,
    seal: createRecordSeal([{ id: 'k1', bytes }]),
    limits: storeLimits({ redis: patient }),
  });
  try {
    for (let from = 0; from < count; from += batch) {
      const length = Math.min(batch, count - from);
      await store.loadRecords(Array.from({ length }, (_, n) => nth(from + n, count, nowMs)));
    }
  } finally {
    await store.close();
  }
}
