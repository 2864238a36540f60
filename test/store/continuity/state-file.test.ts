/** The head of the log over a restart: a store that was restored from an older copy is noticed. */

import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { storeAddress } from '../../../src/store/address.ts';
import { openStateFile } from '../../../src/store/continuity/state-file.ts';
import { openStore } from '../../../src/store/open.ts';
import type { AccessTokenRecord } from '../../../src/store/record.ts';
import { type Store, StoreUnusable, Unavailable } from '../../../src/store/store.ts';
import { storeLimits } from '../../limits.ts';
import { testSeal } from '../../seal.ts';
import { until } from '../../until.ts';
import { create, revocation } from '../changes.ts';
import { said } from '../redis/open-store.ts';
import { startRedis } from '../redis/server.ts';

const head = { identity: 'a store', sequence: 3, hash: 'a'.repeat(64) };
let folder: string;
let file: string;
const stores: Store[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'usher-state-'));
  file = join(folder, 'state');
});
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  rmSync(folder, { recursive: true, force: true });
});

async function open(address: string, stateFile: string | undefined = file): Promise<Store> {
  const store = await openStore(storeAddress(address), {
    now: Date.now,
    stateFile,
    seal: testSeal,
    limits: storeLimits({ redis: { tailMsMax: Number.MAX_SAFE_INTEGER } }),
  });
  stores.push(store);
  return store;
}

async function close(store: Store): Promise<void> {
  stores.splice(stores.indexOf(store), 1);
  await store.close();
}

const remembered = () => JSON.parse(readFileSync(file, 'utf8')).sequence;

test('what was remembered is there at the next start, in a file for its owner alone', async () => {
  const first = openStateFile(file, () => undefined);
  expect(first.remembered).toBeUndefined();
  first.remember({ ...head, sequence: 2 });
  first.remember(head);
  await first.settled();
  expect(openStateFile(file, () => undefined).remembered).toEqual(head);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test.each(['', 'text', '{}', '{"identity":"a","sequence":1,"hash":"b"}'])(
  'a file that holds %j ends the start',
  text => {
    writeFileSync(file, text);
    expect(() => openStateFile(file, () => undefined)).toThrow(StoreUnusable);
  },
);

test('a file that cannot be written is reported once', async () => {
  const warnings: string[] = [];
  const state = openStateFile(join(folder, 'none', 'state'), text => warnings.push(text));
  state.remember(head);
  await until(() => warnings.length > 0);
  state.remember({ ...head, hash: 'b'.repeat(64) });
  await until(() => !readable(join(folder, 'none', 'state')));
  expect(warnings).toEqual([expect.stringContaining('USHER_STATE_FILE')]);
});

function readable(path: string): boolean {
  try {
    return readFileSync(path).length > 0;
  } catch {
    return false;
  }
}

test('a data folder restored from an older copy is not used until it is accepted', async () => {
  const [data, copy] = [join(folder, 'data'), join(folder, 'copy')];
  const first = await open(`lmdb:${data}`);
  const [victim] = (await create(first, {})) as [AccessTokenRecord];
  await close(first);
  cpSync(data, copy, { recursive: true });
  const second = await open(`lmdb:${data}`);
  await until(async () => (await said(second, victim.id)) === 'good');
  await second.commit(revocation(victim));
  await until(() => remembered() === 2);
  await close(second);

  rmSync(data, { recursive: true });
  cpSync(copy, data, { recursive: true });
  const third = await open(`lmdb:${data}`);
  await until(async () => (await third.storeStatus()).problem?.includes('more changes') ?? false);
  expect(await said(third, victim.id)).toBe('unavailable');
  await expect((async () => third.get(victim.id))()).rejects.toThrow('may not be what it was');
  await expect(create(third, {})).rejects.toThrow('may not be what it was');
  const uses: (() => unknown)[] = [
    () => third.findImported('a'.repeat(43)),
    () => third.importedForms(),
    () => third.reserveImported(['form'], []),
    () => third.settleImported(['a'.repeat(43)]),
    () => third.findRequest('key'),
    () => third.scan({ order: 'oldest', limit: 1 }),
    () => third.count(),
    () => third.settle(victim.id),
    () => third.isSessionEnded('session'),
    () => third.endSession('session', Date.now() + 1000),
    () => third.addUsage([]),
    () => third.signRecords([victim.id]),
  ];
  for (const use of uses) {
    await expect((async () => use())(), String(use)).rejects.toBeInstanceOf(Unavailable);
  }
  expect(third.health.up).toBe(false);
  await close(third);

  // A restart does not accept.
  const fourth = await open(`lmdb:${data}`);
  await until(async () => (await fourth.storeStatus()).problem?.includes('more changes') ?? false);
  await fourth.acceptStore({ actor: 'admin', peer: '' });
  expect(await said(fourth, victim.id)).toBe('good');
  expect(fourth.health.up).toBe(true);
  expect(await fourth.events({ order: 'newest', limit: 1 })).toMatchObject([
    { action: 'store.accept', actor: 'admin' },
  ]);
});

test('a Redis rolled back while no replica was running is noticed at the start', async () => {
  const server = await startRedis();
  try {
    const address = `redis://127.0.0.1:${server.port}`;
    const first = await open(address);
    const [victim] = (await create(first, {})) as [AccessTokenRecord];
    await server.send('SAVE');
    await first.commit(revocation(victim));
    await until(() => remembered() === 2);
    await close(first);
    await server.kill();
    await server.restart();
    const second = await open(address);
    expect(await said(second, victim.id)).toBe('unavailable');
    await until(
      async () => (await second.storeStatus()).problem?.includes('more changes') ?? false,
    );
    expect(second.health.up).toBe(false);
    await close(second);
  } finally {
    await server.stop();
  }
});
