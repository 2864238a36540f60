/**
 * The contract of every store: its feed reports each change of any process, and how current it is.
 */

import { describe, expect, test } from 'vitest';
import { until } from '../until.ts';
import { create, creation, eventOf, revocation, update } from './changes.ts';
import { type Opened, openPlace } from './place.ts';

/** Registers the tests of the feed. */
export function describeFeed(opened: Opened): void {
  describe('the feed', () => {
    const listen = () => {
      const told: string[] = [];
      const unlisten = opened.store.feed.listen({
        changed: id => told.push(id),
        changedAll: () => told.push('all'),
      });
      return { told, unlisten };
    };
    const live = () => until(() => opened.store.feed.isLive());

    test('reports changes of this process', async () => {
      await live();
      const { told } = listen();
      const [record] = await create(opened.store, {});
      if (record === undefined) throw new Error('not made');
      await until(() => told.includes(record.id));
      told.length = 0;
      await opened.store.commit(revocation(record));
      await until(() => told.includes(record.id));
    });

    test('reports changes of another process', async () => {
      const other = await openPlace(opened.place);
      await live();
      const { told } = listen();
      const change = creation();
      await other.commit(change);
      await until(() => told.includes(change.record.id));
      await other.close();
    });

    test('has reported every change that was acknowledged before its last sign of life', async () => {
      await live();
      const { told } = listen();
      const [first] = await create(opened.store, {});
      let record = first;
      for (let round = 0; round < 3 && record !== undefined; round++) {
        const change = update(record, { name: `round ${round}` });
        told.length = 0;
        await opened.store.commit(change);
        const acknowledgedMs = performance.now();
        const { feed } = opened.store;
        await until(() => performance.now() - feed.lagMs() > acknowledgedMs && feed.isLive());
        expect(told).toContain(record.id);
        record = change.record;
      }
    });

    test('does not call a listener that was removed', async () => {
      await live();
      const gone = listen();
      const there = listen();
      gone.unlisten();
      const [record] = await create(opened.store, {});
      await until(() => there.told.includes(record?.id ?? ''));
      expect(gone.told).not.toContain(record?.id);
    });

    test('reports no change for an event without one', async () => {
      await live();
      const { told } = listen();
      await opened.store.append(eventOf('call.refused'));
      const [record] = await create(opened.store, {});
      await until(() => told.includes(record?.id ?? ''));
      expect(told).not.toContain('');
    });
  });
}
