/** The contract of every store: the index of imported tokens. */

import { expect, test } from 'vitest';
import { until } from '../until.ts';
import { type Opened, openPlace } from './place.ts';

/** Registers the tests of the index of imported tokens. */
export function describeImported(opened: Opened): void {
  test('without an import there is no form and no digest', async () => {
    const { store } = opened;
    expect(await store.importedForms()).toEqual([]);
    expect(await store.findImported('d1')).toBeUndefined();
  });

  test('a digest always leads to the id that reserved it first', async () => {
    const { store } = opened;
    expect(await store.findImported('d1')).toBeUndefined();
    const entries = [
      { digest: 'd1', tokenId: 'a' },
      { digest: 'd2', tokenId: 'b' },
    ];
    expect(await store.reserveImported(['x/1/5'], entries)).toEqual(['a', 'b']);
    const others = entries.map(({ digest }) => ({ digest, tokenId: 'c' }));
    expect(await store.reserveImported(['x/1/5', 'y/1/*'], others)).toEqual(['a', 'b']);
    expect(await store.findImported('d1')).toBe('a');
    expect(await store.findImported('d2')).toBe('b');
    expect([...(await store.importedForms())].sort()).toEqual(['x/1/5', 'y/1/*']);
  });

  test('concurrent reservations of one digest all get the same id', async () => {
    const ids = Array.from({ length: 20 }, (_, n) => `id-${n}`);
    const reserved = await Promise.all(
      ids.map(tokenId => opened.store.reserveImported([`f${tokenId}`], [{ digest: 'd', tokenId }])),
    );
    const held = await opened.store.findImported('d');
    expect(ids).toContain(held);
    expect(reserved).toEqual(ids.map(() => [held]));
    expect([...(await opened.store.importedForms())].sort()).toEqual(
      ids.map(id => `f${id}`).sort(),
    );
  });

  test('a digest that another process reserved is found, also after an earlier miss', async () => {
    const { store, place } = opened;
    expect(await store.importedForms()).toEqual([]);
    expect(await store.findImported('d')).toBeUndefined();
    const other = await openPlace(place);
    try {
      await other.reserveImported(['form'], [{ digest: 'd', tokenId: 'a' }]);
      await until(async () => (await store.findImported('d')) === 'a');
      await until(async () => (await store.importedForms()).includes('form'));
    } finally {
      await other.close();
    }
  });
}
