/** Marks on the masters of a Cluster, which show that one of them was emptied. */

import { beforeEach, expect, test } from 'vitest';
import { asker } from '../../../src/store/redis/ask.ts';
import type { RedisClient } from '../../../src/store/redis/client.ts';
import { createdKey, identityKey, marksKey, tokenKey } from '../../../src/store/redis/keys.ts';
import { type StoreMarks, storeMarks } from '../../../src/store/redis/marks.ts';
import { Unavailable } from '../../../src/store/store.ts';

const settleMs = 1000;
let clockMs: number;
/** What the only master has; the log is on another one, with the index and the list of marks. */
let master: Map<string, string>;
let index: string[];
let list: Map<string, string>;
let happened: string[];
/** Called when the master is asked for a key. */
let meanwhile: () => void;
/** Called when a mark is left. */
let onSet: (key: string, value: string) => 'OK' | null;

const client = {
  options: { host: 'h', port: 1 },
  on: () => undefined,
  async exists(key: string) {
    meanwhile();
    if (key === identityKey) throw new Error('MOVED 1 h:2');
    return master.has(key) ? 1 : 0;
  },
  get: async (key: string) => master.get(key) ?? null,
  set: async (key: string, value: string) => onSet(key, value),
  async zrangebylex(key: string) {
    expect(key).toBe(createdKey);
    return index;
  },
  async hgetall(key: string) {
    expect(key).toBe(marksKey);
    return Object.fromEntries(list);
  },
  hget: async (_: string, key: string) => list.get(key) ?? null,
  async hsetnx(_: string, key: string, value: string) {
    if (!list.has(key)) list.set(key, value);
  },
  async del(key: string) {
    expect(key).toBe(marksKey);
    list.clear();
  },
};

beforeEach(() => {
  clockMs = 0;
  master = new Map();
  index = [];
  list = new Map();
  happened = [];
  meanwhile = () => undefined;
  onSet = (key, value) => {
    master.set(key, value);
    return 'OK';
  };
});

/** Those of one replica of Usher. */
function marks(): StoreMarks {
  return storeMarks(
    asker(client as unknown as RedisClient, () => undefined),
    {
      settleMs,
      monotonicMs: () => clockMs,
      onWarning: () => undefined,
      onEmptied: () => void happened.push('emptied'),
      onRolledBack: () => void happened.push('rolled back'),
    },
  );
}

/** Writes an access token, whose record is on the master. */
function write(id: string): void {
  master.set(tokenKey(id), 'record');
  index.push(id);
}

test('a doubt during a check of the marks starts another check', async () => {
  let looks = 0;
  let doubt = () => {};
  meanwhile = () => {
    looks++;
    doubt();
  };
  const one = marks();
  await one.areThere();
  await one.confirmAbsence();
  const sure = looks;
  await one.confirmAbsence();
  expect(looks).toBe(sure);

  doubt = () => {
    doubt = () => {};
    one.doubt();
  };
  await one.areThere();
  const doubted = looks;
  await one.confirmAbsence();
  expect(looks).toBeGreaterThan(doubted);

  doubt = one.doubt;
  one.doubt();
  await expect(one.confirmAbsence()).rejects.toBeInstanceOf(Unavailable);
});

test('a mark is listed once it has been there long enough, and its loss is missed from then on', async () => {
  const one = marks();
  expect(await one.areThere()).toBe(true);
  clockMs = settleMs - 1;
  expect(await one.areThere()).toBe(true);
  expect(list.size).toBe(0);
  clockMs = settleMs;
  expect(await one.areThere()).toBe(true);
  expect([...list]).toEqual([...master]);

  // Listed, it is missed whatever else is there.
  write('a');
  master.delete([...list.keys()][0] ?? '');
  expect(await one.areThere()).toBe(false);
  expect(await marks().areThere()).toBe(false);
  expect(happened).toEqual(['emptied', 'emptied']);
  await one.accept();
  expect(await one.areThere()).toBe(true);
});

test('a failover that loses a fresh mark costs nothing: another one is left', async () => {
  write('a');
  const one = marks();
  await one.areThere();
  const lost = [...master].filter(([key]) => key !== tokenKey('a'));
  expect(lost).toHaveLength(1);
  for (const [key] of lost) master.delete(key);
  expect(await one.areThere()).toBe(true);
  await one.confirmAbsence();
  // The records are compared with the log.
  expect(happened).toEqual(['rolled back']);
  await one.areThere();
  clockMs = settleMs;
  await one.areThere();
  expect(list.size).toBe(1);
  expect(list.get(lost[0]?.[0] ?? '')).not.toBe(lost[0]?.[1]);
  expect(await one.areThere()).toBe(true);
});

test('a mark that settles is listed by the first replica, and forgotten by the others', async () => {
  const [one, other] = [marks(), marks()];
  await one.areThere();
  clockMs = settleMs / 2;
  await other.areThere();
  clockMs = settleMs;
  await one.areThere();
  expect(list.size).toBe(1);
  master.clear();
  expect(await other.areThere()).toBe(false);
  expect(happened).toEqual(['emptied']);
});

test.each(['by this replica', 'by another one'])(
  'a master with records that is emptied as soon as it was marked %s is missed',
  async who => {
    write('a');
    onSet = () => {
      master.clear();
      onSet = () => null;
      return who === 'by this replica' ? 'OK' : null;
    };
    const one = marks();
    expect(await one.areThere()).toBe(false);
    expect(await one.areThere()).toBe(false);
    expect(happened).toEqual(['emptied']);
    await expect(one.confirmAbsence()).rejects.toBeInstanceOf(Unavailable);
    // Replicas that start later miss it too.
    expect(await marks().areThere()).toBe(false);
  },
);
