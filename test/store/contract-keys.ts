/** The contract of every store: what it knows of master keys. */

import { expect, test } from 'vitest';
import { storeAddress } from '../../src/store/address.ts';
import { openStore } from '../../src/store/open.ts';
import { createKeyRing } from '../../src/verify/key-ring.ts';
import { patient, storeLimits } from '../limits.ts';
import { testSeal } from '../seal.ts';
import { until } from '../until.ts';
import { create } from './changes.ts';
import type { Opened } from './place.ts';
import { takesChanges } from './takes-changes.ts';

/** Registers the tests of the ledger of master keys. */
export function describeKeys(opened: Opened): void {
  const check = testSeal.keyChecks.get('k1');

  test('the key that signs is noted, is forgotten, and can be noted again', async () => {
    const { store } = opened;
    expect([...(await store.keyChecks())]).toEqual([['k1', check]]);
    await store.forgetKey('k1');
    expect([...(await store.keyChecks())]).toEqual([]);
    await store.noteKey('k1');
    await store.noteKey('k1');
    expect([...(await store.keyChecks())]).toEqual([['k1', check]]);
  });

  test('what depends on a key is read page by page, without a proof of it', async () => {
    const { store } = opened;
    for (let n = 0; n < 5; n++) {
      const secret = { masterKeyId: `k${n}`, value: 'aGFzaA', createdAt: 1 };
      await create(store, { secrets: [secret] });
    }
    const found: string[] = [];
    let after = '';
    for (let pages = 0; pages < 10; pages++) {
      const page = await store.recordKeys(after, 2);
      for (const { macKeyId, record } of page.keys) {
        found.push(`${macKeyId} ${record?.secrets[0]?.masterKeyId}`);
      }
      if (page.cursor === undefined) break;
      after = page.cursor;
    }
    expect(found.sort()).toEqual(['k1 k0', 'k1 k1', 'k1 k2', 'k1 k3', 'k1 k4']);
  });

  test('so is what signs the index of imported tokens', async () => {
    const { store } = opened;
    const entries = ['d1', 'd2', 'd3'].map(digest => ({ digest, tokenId: 'a' }));
    await store.reserveImported(['x/k1/5'], entries);
    const found: string[] = [];
    for (let after: string | undefined = ''; after !== undefined; ) {
      const page: { keys: string[]; cursor?: string } = await store.entryKeys(after, 2);
      found.push(...page.keys);
      after = page.cursor;
    }
    // The forms are signed as well.
    expect(found).toEqual(['k1', 'k1', 'k1', 'k1']);
  });

  test('documents are signed under a new first key, and are then read without the old one', async () => {
    const { store, place } = opened;
    const sealed = { secret: { masterKeyId: 'k0', value: 'c2VhbGVk' }, list: [{ masterKeyId: 1 }] };
    for (const id of ['a', 'b', 'c']) {
      await store.changeDocument({ collection: 'people', id, before: 0, body: {} });
    }
    await store.changeDocument({ collection: 'webhooks', id: 'w', before: 0, body: sealed });
    const found = async (from = store) => {
      const all: string[] = [];
      for (let after: string | undefined = ''; after !== undefined; ) {
        const page: Awaited<ReturnType<typeof from.documentKeys>> = await from.documentKeys(
          after,
          2,
        );
        for (const { collection, id, macKeyId, sealedUnder } of page.keys) {
          all.push([collection, id, macKeyId, ...sealedUnder].join(' '));
        }
        after = page.cursor;
      }
      return all.sort();
    };
    const documents = (key: string) =>
      ['people a', 'people b', 'people c'].map(name => `${name} ${key}`);
    expect(await found()).toEqual([...documents('k1'), 'webhooks w k1 k0']);

    const k2 = { id: 'k2', bytes: new Uint8Array(32).fill(2) };
    const ring = createKeyRing([{ id: 'k1', bytes: new Uint8Array(32).fill(1) }]);
    const limits = storeLimits({ redis: patient });
    const openWith = async (seal: typeof testSeal) => {
      const other = await openStore(storeAddress(place.url), { now: Date.now, seal, limits });
      await until(() => takesChanges(other));
      return other;
    };
    const both = await openWith(ring.seal);
    try {
      ring.replace([k2, { id: 'k1', bytes: new Uint8Array(32).fill(1) }]);
      await both.noteKey('k2');
      await both.signDocuments();
      await both.signDocuments();
      expect(await found(both)).toEqual([...documents('k2'), 'webhooks w k2 k0']);
      expect(await both.changeDocument({ collection: 'people', id: 'a', before: 1 })).toBe('done');
    } finally {
      await both.close();
    }
    const later = await openWith(createKeyRing([k2]).seal);
    try {
      expect((await later.document('webhooks', 'w'))?.body).toEqual(sealed);
      expect((await later.document('people', 'b'))?.revision).toBe(1);
    } finally {
      await later.close();
    }
    // The old key alone reads them no more.
    await expect((async () => store.document('people', 'b'))()).rejects.toThrow('cannot be read');
  });

  test('forms are dropped, also the last, and others can be added', async () => {
    const { store } = opened;
    await store.reserveImported(['x/k1/5', 'y/k2/6'], [{ digest: 'd1', tokenId: 'a' }]);
    await store.dropForms(['x/k1/5', 'unknown/k3/*']);
    expect(await store.importedForms()).toEqual(['y/k2/6']);
    await store.dropForms(['y/k2/6']);
    expect(await store.importedForms()).toEqual([]);
    await store.reserveImported(['z/k3/7'], [{ digest: 'd2', tokenId: 'b' }]);
    expect(await store.importedForms()).toEqual(['z/k3/7']);
    expect(await store.findImported('d1')).toBe('a');
  });

  test('another key under an id that was noted is refused', async () => {
    const { place } = opened;
    const first = { id: 'k1', bytes: new Uint8Array(32).fill(1) };
    const ring = createKeyRing([first]);
    const other = await openStore(storeAddress(place.url), {
      now: Date.now,
      seal: ring.seal,
      limits: storeLimits({ redis: patient }),
    });
    try {
      ring.replace([first, { id: 'k2', bytes: new Uint8Array(32).fill(2) }]);
      await other.noteKey('k2');
      ring.replace([first, { id: 'k2', bytes: new Uint8Array(32).fill(3) }]);
      // Or Unavailable, once the store itself has found it out.
      await expect(other.noteKey('k2')).rejects.toThrow('the master key k2 is not the one');
    } finally {
      await other.close();
    }
  });
}
