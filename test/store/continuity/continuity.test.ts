/** The continuity over a store in memory: what it detects, puts back and tells, with time set by hand. */

import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  type Continuity,
  type ContinuityDeps,
  createContinuity,
} from '../../../src/store/continuity/continuity.ts';
import type { ContinuityLimits } from '../../../src/store/continuity/limits.ts';
import type { AccessTokenRecord } from '../../../src/store/record.ts';
import { type Change, Unavailable } from '../../../src/store/store.ts';
import { until } from '../../until.ts';
import { creation, revocation, update } from '../changes.ts';
import { type Content, emptyContent, type MemoryStore, memoryStore } from './memory-store.ts';

let store: MemoryStore;
let clock: { ms: number };
let replicas: Continuity[];
let reported: [string, string | undefined][];
const by = { actor: 'admin', peer: '' };

beforeEach(() => {
  store = memoryStore();
  clock = { ms: 0 };
  replicas = [];
  reported = [];
});
afterEach(async () => {
  for (const replica of replicas) await replica.stop();
});

/** A replica that looks only when it is asked. */
function replica(
  some: Partial<ContinuityLimits & Pick<ContinuityDeps, 'isLogApart' | 'stateFile'>> = {},
) {
  const { isLogApart = false, stateFile, ...more } = some;
  const ageMsMax = Number.MAX_SAFE_INTEGER;
  const one = createContinuity(store, {
    replica: 'test',
    limits: {
      leaseMs: 86_400_000,
      claimWaitMs: 0,
      bytesMax: 1 << 20,
      ageMsMax,
      entriesMin: 1,
      ...more,
    },
    now: Date.now,
    monotonicMs: () => clock.ms,
    report: (what, detail) => reported.push([what, detail]),
    onChange: () => undefined,
    isLogApart,
    stateFile,
  });
  replicas.push(one);
  return one;
}

async function started(limits = {}): Promise<Continuity> {
  const one = replica(limits);
  await one.confirm();
  return one;
}

async function make(change: Change): Promise<AccessTokenRecord> {
  await store.changes.commit(change);
  return change.record;
}

/** Puts back an older content, as a restart of the store would. */
async function rollBack(content: Content, ...all: Continuity[]): Promise<void> {
  store.content = content;
  for (const one of all) one.doubt();
  await Promise.allSettled(all.map(one => one.confirm()));
}

const actions = () => store.content.log.map(({ action }) => action);

test('nothing is used before the first check, nor after a lease without one', async () => {
  const one = replica();
  expect(one.isSure()).toBe(false);
  await one.confirm();
  expect(one.isSure()).toBe(true);
  clock.ms += 86_400_000;
  expect(one.isSure()).toBe(false);
  await one.confirm();
  expect(one.isSure()).toBe(true);
});

test('doubts that come one after the other, as while connections open, are waited for', async () => {
  const one = await started();
  const { notes } = store;
  const { read } = notes;
  let doubts = 10;
  notes.read = () => {
    if (doubts-- > 0) one.doubt();
    return read();
  };
  one.doubt();
  await one.confirm();
  expect(doubts).toBeLessThan(0);
});

test('it stops once the last head is in the state file', async () => {
  const written = Promise.withResolvers<void>();
  const stateFile = {
    remembered: undefined,
    remember: () => undefined,
    settled: () => written.promise,
  };
  const one = replica({ stateFile });
  await one.confirm();
  let hasStopped = false;
  const stopped = one.stop().then(() => {
    hasStopped = true;
  });
  await one.look();
  expect(hasStopped).toBe(false);
  written.resolve();
  await stopped;
});

test('an empty store is claimed after the wait, unless a loss is noted meanwhile', async () => {
  const one = replica({ claimWaitMs: 1000 });
  await expect(one.confirm()).rejects.toThrow('empty');
  clock.ms = 999;
  await expect(one.confirm()).rejects.toThrow('empty');
  clock.ms = 1000;
  await one.confirm();
  expect(store.content.identity).toMatch(/^[0-9a-f-]{36}$/);

  store = memoryStore();
  const other = replica({ claimWaitMs: 1000 });
  await expect(other.confirm()).rejects.toThrow('empty');
  store.content.lost = 'the one before';
  clock.ms += 1000;
  await expect(other.confirm()).rejects.toThrow('knew it as the one before');
  expect(store.content.identity).toBeUndefined();
});

test('a store that lost its identity before its first change gets it back; a used one does not', async () => {
  const [one, other] = [await started(), await started()];
  const { identity } = store.content;
  await rollBack(memoryStore().content, one, other);
  await until(async () => {
    await Promise.all([one.look(), other.look()]);
    return one.isSure() && other.isSure();
  });
  expect(store.content.identity).toBe(identity);

  await make(creation());
  await one.look();
  store.content = memoryStore().content;
  one.doubt();
  await expect(one.confirm()).rejects.toBeInstanceOf(Unavailable);
  await until(() => store.content.lost !== undefined);
  // Neither does one whose replica knows of no change, after another one noted the loss.
  other.doubt();
  await expect(other.confirm()).rejects.toBeInstanceOf(Unavailable);
  expect(store.content).toMatchObject({ lost: identity });
  expect(store.content.identity).toBeUndefined();
});

test('any number of replicas put a revocation back once, and tell the loss once', async () => {
  const token = await make(creation());
  const all = [await started(), await started(), await started()];
  const before = store.copy();
  await make(revocation(token));
  for (const one of all) await one.look();
  await rollBack(before, ...all);
  await until(() => all.every(one => one.isSure()));
  expect(store.content.records.get(token.id)?.revokedAt).toBe(token.createdAt);
  expect(actions()).toEqual(['token.create', 'token.revoke', 'store.healed']);
  expect(all.some(one => one.isLost(token.id))).toBe(false);
  expect(reported.filter(([what]) => what === 'lost changes')).toHaveLength(3);
});

test('a log that went another way is one that lost entries', async () => {
  const token = await make(creation());
  const one = await started();
  const before = store.copy();
  await make(revocation(token));
  await one.look();
  store.content = before;
  await make(creation());
  await make(creation());
  one.doubt();
  await expect(one.confirm()).rejects.toBeInstanceOf(Unavailable);
  await until(() => one.isSure());
  expect(store.content.records.get(token.id)?.revokedAt).toBe(token.createdAt);
});

test('of revoked JWTs the later time stays, whichever side has it', async () => {
  const token = await make(creation({ kind: 'jwt' }));
  const one = await started();
  const before = store.copy();
  const first = { ids: { a: 5 }, subjects: { s: 5 }, issuedBefore: 7 };
  await make(update(token, { revokedJwts: first }));
  await one.look();
  store.content = before;
  const other = { subjects: { s: 9, t: 1 } };
  await make(update(token, { revokedJwts: other }));
  one.doubt();
  await until(() => one.isSure());
  expect(store.content.records.get(token.id)?.revokedJwts).toEqual({
    issuedBefore: 7,
    ids: { a: 5 },
    subjects: { s: 9, t: 1 },
  });
});

test('more lost than is remembered: revocations are put back, and it stays down', async () => {
  await started();
  const [a, b] = [await make(creation()), await make(creation())];
  const before = store.copy();
  await make(revocation(a));
  const one = await started({ bytesMax: 600 });
  await make(revocation(b));
  await one.look();
  await rollBack(before, one);
  await until(async () => (await one.storeStatus()).problem?.includes('more changes') ?? false);
  expect(store.content.records.get(b.id)?.revokedAt).toBe(b.createdAt);
  expect(one.isSure()).toBe(false);
  await one.look();
  expect(actions().filter(action => action === 'token.revoke')).toHaveLength(1);
  await one.acceptStore(by);
  expect(one.isSure()).toBe(true);
  expect(actions().at(-1)).toBe('store.accept');
});

test('after a quiet day the last entries are still known, so that a cut between them heals', async () => {
  const [a, b] = [await make(creation()), await make(creation())];
  const one = await started({ ageMsMax: 0, entriesMin: 2 });
  const before = store.copy();
  await make(revocation(a));
  await one.look();
  await rollBack(before, one);
  await until(() => one.isSure());
  expect(store.content.records.get(a.id)?.revokedAt).toBe(a.createdAt);
  expect(store.content.records.get(b.id)?.revokedAt).toBeUndefined();
});

test('an acceptance counts for the heads that it names, and not for later ones', async () => {
  await make(creation());
  const all = [await started(), await started()] as [Continuity, Continuity];
  await make(creation());
  for (const one of all) await one.look();
  const ahead = await started();
  await make(creation());
  await ahead.look();
  await rollBack(emptyContent(), ...all, ahead);
  await until(() => store.content.lost !== undefined);
  await all[0].acceptStore(by);
  await all[1].look();
  await until(() => all[1].isSure());
  await ahead.look();
  await ahead.look();
  expect(ahead.isSure()).toBe(false);
  expect((await ahead.storeStatus()).problem).toContain('another one');
});

test('an entry that this process appended is missed however soon it is lost', async () => {
  const token = await make(creation());
  const one = await started();
  const before = store.copy();
  await make(revocation(token));
  for (const entry of store.content.log.slice(1)) one.appended(entry);
  await rollBack(before, one);
  await until(() => one.isSure());
  expect(store.content.records.get(token.id)?.revokedAt).toBe(token.createdAt);
});

test('an entry of another replica before the lost one leaves a gap', async () => {
  const token = await make(creation());
  const one = await started();
  const before = store.copy();
  await make(creation());
  await make(revocation(token));
  const last = store.content.log.at(-1);
  if (last === undefined) throw new Error('nothing was appended');
  expect(one.appended(last)).toBe(true);
  await rollBack(before, one);
  await until(async () => (await one.storeStatus()).problem?.includes('more changes') ?? false);
  expect(store.content.records.get(token.id)?.revokedAt).toBe(token.createdAt);
  // While it is down it remembers no entry, and does not acknowledge the change.
  expect(one.appended(last)).toBe(false);
});

test('replicas that appended in turn tell each other what was lost, and go on', async () => {
  const token = await make(creation());
  const all = [await started(), await started()];
  const before = store.copy();
  const made: string[] = [];
  for (const change of [creation(), revocation(token), creation(), creation(), creation()]) {
    made.push((await make(change)).id);
    const last = store.content.log.at(-1);
    if (last !== undefined) all[made.length % 2]?.appended(last);
  }
  await rollBack(before, ...all);
  await until(async () => {
    for (const one of all) await one.look();
    return all.every(one => one.isSure());
  });
  expect(store.content.records.get(token.id)?.revokedAt).toBe(token.createdAt);
  for (const id of made.filter(each => each !== token.id)) {
    for (const one of all) expect(one.isLost(id)).toBe(true);
  }
  for (const one of all) await one.confirm();
});

test('after a loss others have half the wait to tell what they knew', async () => {
  await make(creation());
  const second = await started();
  const first = await started({ claimWaitMs: 1000 });
  const before = store.copy();
  await make(creation());
  await first.look();
  const unseen = await make(creation());
  const last = store.content.log.at(-1);
  if (last === undefined) throw new Error('nothing was appended');
  second.appended(last);
  await second.look();
  await rollBack(before, first);
  await until(async () => {
    await first.look();
    return reported.some(([what]) => what === 'lost changes');
  });
  clock.ms += 499;
  await first.look();
  expect(first.isSure()).toBe(false);
  second.doubt();
  await until(() => second.isSure());
  clock.ms += 1;
  await first.look();
  await first.confirm();
  expect(first.isLost(unseen.id)).toBe(true);
});

test('a record that lost what the log has is noticed where they are apart', async () => {
  const token = await make(creation());
  const one = await started({ isLogApart: true });
  await make(revocation(token));
  await one.look();
  store.content.records.set(token.id, token);
  one.doubt();
  await expect(one.confirm()).rejects.toBeInstanceOf(Unavailable);
  await until(() => one.isSure());
  expect(store.content.records.get(token.id)?.revokedAt).toBe(token.createdAt);
});

test('who learns of a loss from the log holds its tokens for lost, until it is accepted', async () => {
  const one = await started();
  const before = store.copy();
  const token = await make(creation());
  await one.look();
  await rollBack(before, one);
  await until(() => one.isSure());
  expect(one.isLost(token.id)).toBe(true);
  const later = await started();
  expect(later.isLost(token.id)).toBe(true);
  expect(reported.at(-1)).toEqual(['lost changes', expect.stringContaining('lost 1 changes')]);
  await later.acceptStore(by);
  await one.look();
  expect([one, later].map(each => each.isLost(token.id))).toEqual([false, false]);
  expect(reported.at(-1)).toEqual(['lost changes', undefined]);
});
