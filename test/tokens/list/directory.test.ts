/** The directory: how it is made, how it follows the store, and when it gives up. */

import { afterEach, describe, expect, test, vi } from 'vitest';
import type { AccessTokenRecord } from '../../../src/store/record.ts';
import { type Store, Unavailable } from '../../../src/store/store.ts';
import type { DirectoryLimits } from '../../../src/tokens/limits.ts';
import { createDirectory } from '../../../src/tokens/list/directory.ts';
import { list } from '../../../src/tokens/list/list.ts';
import { defaultLimits } from '../../limits.ts';
import { admin, fields, openOffice, reader } from '../setup.ts';

const { tokens, store, keys, now } = openOffice();
const made: AccessTokenRecord[] = [];
for (let n = 0; n < 10; n++) {
  made.push((await tokens.create(admin, 'static', fields({ name: `t${n}`, owner: 'ann' }))).record);
}
const newestFirst = made.map(({ name }) => name).toReversed();
afterEach(() => void vi.useRealTimers());

function open(some: Partial<DirectoryLimits> = {}, over: Partial<Store> = {}) {
  const deps = { ...store, ...over };
  const limits = { ...defaultLimits.directory, ...some };
  const monotonicMs = () => performance.now();
  const directory = createDirectory({ store: deps, now, limits, monotonicMs });
  const page = (text: string, pageToken = '', sort: 'newest' | 'name' = 'newest') =>
    list({ store, keys, now, directory }, reader, { pageSize: 50, sort, text, pageToken });
  return { directory, page };
}

/** A scan whose pages wait until they are let through. */
function heldScan() {
  const waiting: (() => void)[] = [];
  const scan: Store['scan'] = async asked => {
    await new Promise<void>(resolve => waiting.push(resolve));
    return await store.scan(asked);
  };
  const letOne = async () => {
    await vi.waitFor(() => expect(waiting.length).toBeGreaterThan(0));
    waiting.shift()?.();
  };
  return { scan, letOne };
}

describe('while it is made', () => {
  test('what was read is listed, newest first, with how far it is', async () => {
    const { scan, letOne } = heldScan();
    const { page } = open({ readAtOnce: 4 }, { scan });
    const names: string[] = [];
    let pageToken = '';
    let searched = 0;
    do {
      const asked = page('t', pageToken);
      if (searched < 10) await letOne();
      const found = await asked;
      names.push(...found.records.map(({ name }) => name));
      expect(found.searched).toBeGreaterThanOrEqual(searched);
      ({ searched } = found);
      expect(found.isCounted).toBe(found.nextPageToken === '');
      pageToken = found.nextPageToken;
    } while (pageToken !== '');
    expect(names).toEqual(newestFirst);
    expect(searched).toBe(10);
  });

  test('other orders wait for all of it, with empty pages', async () => {
    const { scan, letOne } = heldScan();
    const { page } = open({ readAtOnce: 4 }, { scan });
    const asked = page('t', '', 'name');
    await letOne();
    const early = await asked;
    expect(early).toMatchObject({ records: [], isCounted: false, total: 10 });
    await letOne();
    await letOne();
    const late = await page('t', early.nextPageToken, 'name');
    expect(late.records.map(({ name }) => name)).toEqual(newestFirst.toReversed());
  });

  test('a change of what was read already, and of what was not, is in it', async () => {
    const { scan, letOne } = heldScan();
    const { directory } = open({ readAtOnce: 4 }, { scan });
    const first = directory.view(false, 0);
    await letOne();
    await first;
    const [oldest] = made as [AccessTokenRecord];
    const newest = made.at(-1) as AccessTokenRecord;
    for (const { id, revision } of [oldest, newest]) {
      const at = (await store.get(id))?.revision ?? revision;
      await tokens.update(admin, id, at, { name: 'Changed' }, ['name']);
    }
    await letOne();
    await letOne();
    const view = await directory.view(false, 1000);
    expect(view?.isComplete).toBe(true);
    for (const { id, name } of [oldest, newest]) {
      expect(view?.entries.get(id)?.name).toBe('changed');
      const at = (await store.get(id))?.revision ?? 0;
      await tokens.update(admin, id, at, { name }, ['name']);
    }
  });
});

describe('afterwards', () => {
  test('each view has all changes that were acknowledged before', async () => {
    const { directory } = open({ readAtOnce: 2 });
    await directory.view(false, 1000);
    const { record } = await tokens.create(admin, 'jwt', fields({ name: 'Late' }));
    expect((await directory.view(false, 0))?.entries.get(record.id)?.name).toBe('late');
    await tokens.revoke(admin, record.id, '');
    const view = await directory.view(false, 0);
    expect(view?.entries.get(record.id)?.revokedAt).toBeTypeOf('number');
  });

  test('a store whose log is not the one that was followed is read again', async () => {
    let isOther = false;
    const head: Store['head'] = async () => {
      const true_ = await store.head();
      return isOther ? { ...true_, hash: 'f'.repeat(64) } : true_;
    };
    const { directory } = open({}, { head });
    expect((await directory.view(false, 1000))?.isComplete).toBe(true);
    isOther = true;
    expect(await directory.view(false, 1000)).toMatchObject({ isComplete: false, searched: 0 });
    isOther = false;
    expect((await directory.view(false, 1000))?.isComplete).toBe(true);
  });

  test('it is forgotten some time after its last use, and made again', async () => {
    const { directory } = open({ idleMs: 1000 });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await directory.view(false, 1000);
    expect(directory.bytes).toBeGreaterThan(1000);
    vi.advanceTimersByTime(999);
    await directory.view(false, 1000);
    vi.advanceTimersByTime(999);
    expect(directory.bytes).toBeGreaterThan(1000);
    vi.advanceTimersByTime(1);
    expect(directory.bytes).toBe(0);
    expect((await directory.view(false, 1000))?.isComplete).toBe(true);
    directory.close();
    expect(directory.bytes).toBe(0);
  });
});

describe('what it cannot do', () => {
  test('a store that is down is unavailable, and read once it is up again', async () => {
    let isDown = true;
    const scan: Store['scan'] = async asked => {
      if (isDown) throw new Unavailable('down');
      return await store.scan(asked);
    };
    const { directory } = open({}, { scan });
    await expect(directory.view(false, 1000)).rejects.toBeInstanceOf(Unavailable);
    isDown = false;
    expect((await directory.view(false, 1000))?.isComplete).toBe(true);
  });

  test('what is larger than its limit is not kept, nor read again and again', async () => {
    const scan = vi.fn(store.scan);
    const { directory } = open({ bytesMax: 1500, readAtOnce: 2 }, { scan });
    expect(await directory.view(false, 1000)).toBeUndefined();
    expect(directory.bytes).toBe(0);
    const times = scan.mock.calls.length;
    expect(await directory.view(false, 1000)).toBeUndefined();
    expect(scan).toHaveBeenCalledTimes(times);
    const none = open({ bytesMax: 0 }, { scan });
    expect(await none.directory.view(false, 1000)).toBeUndefined();
    expect(scan).toHaveBeenCalledTimes(times);
  });

  test('what it takes in bytes is about what it says', async () => {
    const { directory } = open();
    const view = await directory.view(false, 1000);
    const each = directory.bytes / (view?.entries.size ?? 1);
    expect(each).toBeGreaterThan(250);
    expect(each).toBeLessThan(500);
  });
});
