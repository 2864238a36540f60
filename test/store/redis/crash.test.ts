/** A change whose process was killed between two steps is completed by other processes. */

import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { redisAddress } from '../../../src/store/address.ts';
import { storedEventId } from '../../../src/store/format/record.ts';
import { type Asker, asker } from '../../../src/store/redis/ask.ts';
import { redisAudit } from '../../../src/store/redis/audit.ts';
import { redisCommitter } from '../../../src/store/redis/commit.ts';
import {
  eventKey,
  intentsKey,
  pendingKey,
  requestKey,
  tokenKey,
} from '../../../src/store/redis/keys.ts';
import { applyScript, beginScript } from '../../../src/store/redis/scripts.ts';
import { openRedis } from '../../../src/store/redis/store.ts';
import { type Change, type Store, Unavailable } from '../../../src/store/store.ts';
import { defaultLimits, redisLimits } from '../../limits.ts';
import { testRecords } from '../../seal.ts';
import { until } from '../../until.ts';
import {
  create,
  creation,
  eventOf,
  intactLog,
  requestOf,
  revocation,
  update,
  walk,
} from '../changes.ts';
import { type RedisServer, startRedis } from './server.ts';

let server: RedisServer;
let client: Redis;
let raw: Asker;
let store: Store;

/** Opens a store with this interval between sweeps, in milliseconds. */
const open = (sweepIntervalMs: number) =>
  openRedis(redisAddress(`redis://127.0.0.1:${server.port}`), {
    now: Date.now,
    ...redisLimits({ sweepIntervalMs, intentAgeMs: 0 }),
  });

beforeAll(async () => {
  server = await startRedis();
  client = new Redis({ port: server.port, host: '127.0.0.1' });
  raw = asker(client, () => undefined);
});
beforeEach(async () => {
  await client.flushall();
  store = await open(3_600_000);
});
afterEach(() => store.close());
afterAll(async () => {
  client?.disconnect();
  await server?.stop();
});

/** Executes only the first step of a change, like a process that dies after it. */
async function begin(change: Change): Promise<void> {
  const { before, record, event, request } = change;
  const intent = {
    record,
    event,
    ...(request === undefined ? {} : { request }),
    ...(before === undefined ? {} : { before }),
  };
  const keys = [intentsKey, pendingKey, requestKey(request?.key ?? ''), eventKey(event.id)];
  const args = [record.id, event.id, testRecords.encodeChange(intent), request?.key ?? ''];
  expect(await raw.run(beginScript, keys, args)).toEqual(['begun']);
}

/** Executes the second step. */
async function apply({ before, record, event }: Change): Promise<void> {
  const args = [testRecords.encode(record), storedEventId(event.id), before?.revision ?? ''];
  expect(await raw.run(applyScript, [tokenKey(record.id)], args)).toBe('done');
}

const steps = { 'its first step': [begin], 'its second step': [begin, apply] };

for (const [name, all] of Object.entries(steps)) {
  describe(`a change whose process died after ${name}`, () => {
    const dieIn = async (change: Change) => {
      for (const step of all) await step(change);
    };

    test('is completed by a sweep', async () => {
      const change = creation({ owner: 'ann', expiresAt: 5000 });
      const request = requestOf(change);
      await dieIn({ ...change, request });
      const other = await open(20);
      try {
        await until(async () => (await client.hlen(intentsKey)) === 0);
      } finally {
        await other.close();
      }
      expect(await store.get(change.record.id)).toEqual(change.record);
      expect((await intactLog(store)).map(({ id }) => id)).toEqual([change.event.id]);
      expect(await store.findRequest(request.key)).toEqual(request);
      expect(await walk(store, { order: 'oldest', owner: 'ann', limit: 2 })).toHaveLength(1);
      expect(await walk(store, { order: 'expiry', limit: 2 })).toHaveLength(1);
      expect(await store.count()).toBe(1);
      expect(await client.exists(intentsKey, pendingKey)).toBe(0);
    });

    test('is completed by the next change of the same access token', async () => {
      const [first] = await create(store, {});
      if (first === undefined) throw new Error('not made');
      const died = revocation(first);
      await dieIn(died);
      expect(await store.commit(update(first, { name: 'x' }))).toEqual({ outcome: 'conflict' });
      expect(await store.get(first.id)).toEqual(died.record);
      expect((await intactLog(store)).map(({ id }) => id)).toEqual([first.eventId, died.event.id]);
    });

    test('is completed by its own repetition', async () => {
      const change = creation();
      await dieIn(change);
      expect(await store.commit(change)).toEqual({ outcome: 'done' });
      expect(await store.get(change.record.id)).toEqual(change.record);
      expect(await intactLog(store)).toHaveLength(1);
    });

    test('is completed by the next change with the same request', async () => {
      const died = creation();
      const request = requestOf(died);
      await dieIn({ ...died, request });
      const next = creation();
      const repeat = await store.commit({ ...next, request: requestOf(next, request.key) });
      expect(repeat).toEqual({ outcome: 'repeated', request });
      expect(await store.get(died.record.id)).toEqual(died.record);
      expect(await store.get(next.record.id)).toBeUndefined();
      expect(await intactLog(store)).toHaveLength(1);
    });

    test('is completed once when many try', async () => {
      const change = creation();
      await dieIn(change);
      const others = await Promise.all(Array.from({ length: 4 }, () => open(5)));
      try {
        await Promise.all([store.commit(change), until(async () => !(await pending()))]);
      } finally {
        for (const other of others) await other.close();
      }
      expect(await intactLog(store)).toHaveLength(1);
    });
  });
}

test('a begun change that conflicts is forgotten by a sweep', async () => {
  const [first] = await create(store, {});
  if (first === undefined) throw new Error('not made');
  await begin(update({ ...first, revision: 9 }, { name: 'x' }));
  const other = await open(20);
  await until(async () => !(await pending())).finally(() => other.close());
  expect(await store.get(first.id)).toEqual(first);
  expect(await intactLog(store)).toHaveLength(1);
});

test('a second step that arrives late changes nothing', async () => {
  const [first] = await create(store, {});
  if (first === undefined) throw new Error('not made');
  const late = update(first, { name: 'late' });
  const revoked = revocation(first);
  await store.commit(revoked);
  const args = [testRecords.encode(late.record), storedEventId(late.event.id), first.revision];
  expect(await raw.run(applyScript, [tokenKey(first.id)], args)).toBe('conflict');
  expect(await store.get(first.id)).toEqual(revoked.record);
});

test('a process that was overtaken by others learns that its change was made', async () => {
  const change = creation();
  const next = update(change.record, { name: 'next' });
  const overtaken: Asker = {
    ...raw,
    async run(script, keys, args) {
      if (script === applyScript) {
        expect(await store.commit(change)).toEqual({ outcome: 'done' });
        expect(await store.commit(next)).toEqual({ outcome: 'done' });
      }
      return raw.run(script, keys, args);
    },
  };
  const audit = redisAudit(overtaken, defaultLimits.store.redis);
  const { commit } = redisCommitter(overtaken, audit, testRecords, defaultLimits.store.redis);
  expect(await commit(change)).toEqual({ outcome: 'done' });
  expect(await store.get(change.record.id)).toEqual(next.record);
  expect(await intactLog(store)).toHaveLength(2);
});

test('nothing is appended to a log that lost entries, however soon', async () => {
  await store.append(eventOf('old'));
  await client.flushall();
  await expect(store.append(eventOf('later'))).rejects.toBeInstanceOf(Unavailable);
  expect(await store.events({ order: 'oldest', limit: 10 })).toEqual([]);
});

async function pending(): Promise<boolean> {
  return (await client.hlen(intentsKey)) > 0;
}
