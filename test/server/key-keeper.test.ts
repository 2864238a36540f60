/** The keeper of the master keys: when a new key writes, for whom it waits, and when an old one goes. */

import { beforeEach, expect, test } from 'vitest';
import { openLog } from '../../src/log.ts';
import { createKeyKeeper, type RunningKeyKeeper } from '../../src/server/key-keeper.ts';
import type { KeySource } from '../../src/settings/key-source.ts';
import { type MasterKey, Mistake } from '../../src/settings/values.ts';
import { healthSwitch } from '../../src/store/health.ts';
import type { ReplicaHead } from '../../src/store/status.ts';
import { type Store, Unavailable } from '../../src/store/store.ts';
import type { KeyUse } from '../../src/tokens/key-use.ts';
import { createKeyRing, type KeyRing } from '../../src/verify/key-ring.ts';
import { createRecordSeal } from '../../src/verify/record-seal.ts';
import { until } from '../until.ts';

const key = (id: string, fill: number): MasterKey => ({ id, bytes: Buffer.alloc(32, fill) });
const [k1, k2] = [key('k1', 1), key('k2', 2)] as const;
const checkOf = (each: MasterKey) => createRecordSeal([each]).keyChecks.get(each.id) as string;

/** What the keeper sees, and what it did. */
interface World {
  given: MasterKey[] | Error;
  ring: KeyRing;
  heads: ReplicaHead[];
  noted: Map<string, string>;
  uses: KeyUse[];
  unready: string[];
  isDown: boolean;
  clockMs: number;
  audited: string[];
  dropped: string[];
  /** Whether the source can remove a key. */
  isWritable: boolean;
  logged: string[];
  health: ReturnType<typeof healthSwitch>;
}

let world: World;
let keeper: RunningKeyKeeper | undefined;
beforeEach(() => {
  world = {
    ...{ given: [k1], ring: createKeyRing([k1]), heads: [], uses: [], unready: [], isDown: false },
    ...{
      clockMs: 0,
      audited: [],
      dropped: [],
      logged: [],
      isWritable: false,
      health: healthSwitch(undefined),
    },
    noted: new Map([['k1', checkOf(k1)]]),
  };
  return async () => {
    await keeper?.close();
    keeper = undefined;
  };
});

const head = (replica: string, keys: readonly MasterKey[], writes = 'k1'): ReplicaHead => ({
  ...{ replica, sequence: 1, hash: '', time: 0 },
  keys: { reads: Object.fromEntries(keys.map(each => [each.id, checkOf(each)])), writes },
});

const use = (masterKeyId: string, some: Partial<KeyUse>): KeyUse => ({
  ...{
    masterKeyId,
    records: 0,
    entries: 0,
    documents: 0,
    staticTokens: 0,
    jwtSecrets: 0,
    revocationKeys: 0,
  },
  ...{ over: 0, ...some },
});

function up<T>(work: () => T): T {
  if (world.isDown) throw new Unavailable('down');
  return work();
}

function start({ settleMs = 1000, listed = [k1] } = {}): RunningKeyKeeper {
  const store = {
    health: world.health,
    storeStatus: async () => ({
      replica: 'own',
      lost: [],
      replicas: world.isDown ? [] : world.heads,
    }),
    keyChecks: () => up(() => world.noted),
    async noteKey(id: string) {
      up(() => world.noted.set(id, world.ring.seal.keyChecks.get(id) as string));
    },
    async forgetKey(id: string) {
      world.noted.delete(id);
    },
    importedForms: () => ['sha256/k1/40', 'sha256/k2/40'],
    async dropForms(forms: readonly string[]) {
      world.dropped.push(...forms);
    },
  };
  keeper = createKeyKeeper({
    ...{ ring: world.ring, listed, store: store as unknown as Store },
    source: {
      ...{ kind: 'command', place: 'the output of a command' },
      async read() {
        if (world.given instanceof Error) throw world.given;
        return world.given;
      },
      get remove() {
        if (!world.isWritable) return undefined;
        return async (_: string, others: readonly MasterKey[]) => {
          world.given = [...others];
        };
      },
    } as KeySource,
    audit: { add: async ({ action, detail }) => void world.audited.push(`${action} ${detail}`) },
    countUse: async () => up(() => ({ examined: 0, uses: world.uses })),
    tellWorkers: async () => world.unready,
    limits: { settleMs, reloadMs: 1_000_000, lookMs: 5, reviewMs: 1_000_000 },
    monotonicMs: () => world.clockMs,
    log: openLog('debug', { write: line => void world.logged.push(line) }),
    show: () => undefined,
  });
  return keeper;
}

const waitsFor = async (text: string) =>
  await until(async () => (await keeper?.status())?.waitsFor.join(', ') === text);

test('a new key is read at once, and writes when all live replicas have read it for a while', async () => {
  const running = start();
  world.heads = [head('own', [k1]), head('other', [k1])];
  world.given = [k2, k1];
  await running.reload();
  expect(world.ring.keys.ids).toEqual(['k1', 'k2']);
  // Its own head does not show the key yet.
  await waitsFor('own (it reads k1), other (it reads k1)');
  world.heads = [head('own', [k1, k2]), head('other', [k1])];
  await waitsFor('other (it reads k1)');
  expect((await running.status()).keys).toEqual([
    { id: 'k2', writes: false, isListed: true },
    { id: 'k1', writes: true, isListed: true },
  ]);
  world.heads = [head('own', [k1, k2]), head('other', [k1, k2])];
  await waitsFor('all replicas to show it');
  world.clockMs = 999;
  // A live replica shows itself within that time, as one does here.
  world.heads = [...world.heads, head('third', [k1])];
  await waitsFor('third (it reads k1)');
  world.heads = world.heads.slice(0, 2);
  await waitsFor('all replicas to show it');
  expect(world.ring.keys.currentId).toBe('k1');
  expect(world.noted.has('k2')).toBe(false);
  world.clockMs += 1000;
  await waitsFor('');
  expect(world.ring.keys.ids).toEqual(['k2', 'k1']);
  expect(world.noted.get('k2')).toBe(checkOf(k2));
  expect(world.audited).toEqual(['keys.write k2 instead of k1']);
});

test.each([
  ['without the store', [], 'the store to show which replicas live'],
  ['without its own head', [head('other', [k1, k2])], 'the store to show which replicas live'],
  [
    'beside another key of that id',
    [head('own', [k1, k2]), head('other', [k1, key('k2', 9)])],
    'other (it has another key under the id k2)',
  ],
  [
    'beside an earlier version',
    [head('own', [k1, k2]), { replica: 'old', sequence: 1, hash: '', time: 0 }],
    'old (it runs an earlier version)',
  ],
])('it waits %s', async (_, heads, expected) => {
  const running = start();
  world.heads = heads;
  world.given = [k2, k1];
  await running.reload();
  await waitsFor(expected);
  world.clockMs += 1_000_000;
  await running.reload();
  expect(world.ring.keys.currentId).toBe('k1');
});

test('it waits for the workers, also where no other server shares the store', async () => {
  const running = start({ settleMs: 0 });
  world.given = [k2, k1];
  world.unready = ['worker 42'];
  await running.reload();
  expect((await running.status()).waitsFor).toEqual(['worker 42']);
  expect(world.ring.keys.currentId).toBe('k1');
  world.unready = [];
  await waitsFor('');
  expect(world.ring.keys.currentId).toBe('k2');
});

test.each([
  [
    'cannot be read',
    new Mistake('the file is gone'),
    'the file is gone; the keys read before stay in use',
  ],
  ['has another key of that id', [key('k1', 7)], 'another key under the id k1'],
  [
    'has not the key that another server noted',
    [k2, k1],
    'the master key k2 is not the one that this store was written with',
  ],
])('keys that their source %s change nothing', async (what, given, expected) => {
  if (what.startsWith('has not')) {
    world.noted.set('k2', 'another');
    world.heads = [head('other', [k1, k2], 'k2')];
  }
  const running = start();
  world.given = given;
  await expect(running.reload()).rejects.toThrow(expected);
  expect(world.ring.inUse).toEqual([k1]);
  expect((await running.status()).problem).toContain(expected);
  const detail = expect.stringMatching(/^the master keys cannot be read again/);
  expect(world.health.degraded).toEqual([{ what: 'keys', detail }]);
  world.given = [k1];
  world.heads = [];
  world.noted.delete('k2');
  await running.reload();
  expect(world.health.degraded).toEqual([]);
});

test('while the store is down nothing changes, and it goes on afterwards', async () => {
  const running = start({ settleMs: 0 });
  world.isDown = true;
  world.given = [k2, k1];
  await expect(running.reload()).rejects.toThrow('down');
  expect(world.ring.inUse).toEqual([k1]);
  world.isDown = false;
  await running.reload();
  expect(world.ring.keys.ids).toEqual(['k2', 'k1']);
});

test('a key that is no longer given stays while it is needed, and is forgotten afterwards', async () => {
  world.ring.replace([k2, k1]);
  world.noted.set('k2', checkOf(k2));
  const running = start({ settleMs: 0, listed: [k2, k1] });
  world.uses = [use('k1', { staticTokens: 2, records: 1 }), use('k2', { records: 3 })];
  world.given = [k2];
  await running.reload();
  expect((await running.status()).problem).toBe(
    'master key k1 is not given, and 3 records or secrets need it: it stays in use until this server is ' +
      'restarted',
  );
  expect((await running.status()).keys.at(-1)).toEqual({
    id: 'k1',
    writes: false,
    isListed: false,
  });
  // Another replica may still write with it, whatever was counted.
  world.uses = [use('k1', { over: 5 })];
  world.heads = [head('other', [k1, k2], 'k1')];
  await running.reload();
  expect(world.ring.keys.ids).toEqual(['k2', 'k1']);
  world.heads = [];
  await running.reload();
  expect(world.ring.keys.ids).toEqual(['k2']);
  expect([...world.noted.keys()]).toEqual(['k2']);
  expect(world.dropped).toEqual(['sha256/k1/40']);
  expect((await running.status()).problem).toBeUndefined();
  expect(world.audited).toEqual(['keys.remove k1']);
});

test('a key that others have and this server lacks is named, and not forgotten', async () => {
  world.noted.set('k2', checkOf(k2));
  world.heads = [head('own', [k1]), head('other', [k1, k2], 'k2')];
  const running = start();
  await until(() => world.health.degraded.length > 0);
  expect((await running.status()).problem).toBe(
    'other replicas have master key k2, which is not given here: what needs it is unavailable',
  );
  expect(world.noted.has('k2')).toBe(true);
  expect(world.dropped).toEqual([]);
});

test('a key that the start lacks, and that is needed, is named', async () => {
  world.noted.set('k0', 'check');
  world.uses = [use('k0', { jwtSecrets: 1 })];
  const running = start();
  await until(() => world.health.degraded.length > 0);
  expect((await running.status()).problem).toBe(
    'master key k0 is not given, and 1 records or secrets need it: they are unavailable until it is',
  );
});

test('a key is removed from the source only once nothing needs it', async () => {
  world.ring.replace([k2, k1]);
  world.noted.set('k2', checkOf(k2));
  world.given = [k2, k1];
  world.uses = [use('k1', { staticTokens: 2, records: 1 }), use('k2', { records: 3 })];
  const running = start({ settleMs: 0, listed: [k2, k1] });
  await expect(running.remove('k3')).rejects.toMatchObject({
    ...{ code: 'NOT_FOUND', message: 'the output of a command has no such key; it has k2, k1' },
  });
  await expect(running.remove('k2')).rejects.toThrow(/^it is the key that writes; run `usher keys/);
  await expect(running.remove('k1')).rejects.toThrow(
    '1 records or secrets need it: run `usher token reseal`; 2 static tokens need it: rotate or revoke ' +
      'them, or wait for their end',
  );
  world.uses = [use('k1', { over: 5 })];
  world.heads = [head('other', [k1, k2], 'k1')];
  await expect(running.remove('k1')).rejects.toThrow(/^other writes with it/);
  world.heads = [];
  await expect(running.remove('k1')).rejects.toThrow(
    /nothing needs the key; take it out where the/,
  );
  world.isWritable = true;
  await running.remove('k1');
  expect(world.given).toEqual([k2]);
  expect((await running.status()).keys.map(({ id }) => id)).toEqual(['k2']);
  expect(world.audited).toEqual(['keys.remove k1']);
});

test('a source that Usher cannot write says what to do instead', async () => {
  await expect(start().rotate()).rejects.toThrow(
    /make a key with `openssl rand -base64 32`.*USHER_MASTER_KEYS_COMMAND reads it, then run `usher keys reload`/,
  );
});
