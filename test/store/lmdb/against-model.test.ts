/** The embedded store against a plain model: after random changes it knows all answers, and they are right. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openLmdb } from '../../../src/store/lmdb/store.ts';
import { compareKeys } from '../../../src/store/lmdb/tables.ts';
import type { AccessTokenRecord } from '../../../src/store/record.ts';
import type { Change, Scan, Store } from '../../../src/store/store.ts';
import { defaultLimits } from '../../limits.ts';
import { testSeal } from '../../seal.ts';
import { creation, eventOf, requestOf, revocation, update, walk } from '../changes.ts';

/** Texts that begin alike, that UTF-8 and UTF-16 order differently, and the longest ones. */
const owners = [
  ...['a', 'aa', 'a b', 'A', '~', '~~', ' ', '\u{1f600}', '\uffee', 'é', 'e\u0301', '0', '"', '\\'],
  ...['[', ',', '語'.repeat(128), '\u{1f600}'.repeat(64), undefined, undefined],
];
const step = 1000;

/** What the store should hold. */
interface Model {
  now: number;
  records: Map<string, AccessTokenRecord>;
  requests: Map<string, { tokenId: string; keepUntil: number }>;
  sessions: Map<string, number>;
  imported: Map<string, string>;
  forms: Set<string>;
  /** The tokens of the log's entries, "" for none; entries up to `pruned` are gone. */
  log: string[];
  pruned: number;
}

/** One change: what is done, and numbers that choose to what. */
const change = fc.tuple(
  fc.constantFrom<(typeof kinds)[number]>(...weighted()),
  ...([fc.nat(), fc.nat(), fc.nat()] as const),
);
const kinds = [
  ...(['create', 'update', 'revoke', 'import', 'session', 'event'] as const),
  ...(['prune', 'wait', 'reopen'] as const),
] as const;

function weighted() {
  const often = ['create', 'create', 'create', 'update', 'update', 'session', 'import'] as const;
  return [
    ...often,
    ...(['create', 'update', 'revoke', 'import', 'session', 'event'] as const),
    ...(['prune', 'wait', 'reopen'] as const),
  ];
}

test('a healthy store knows every answer, after any changes', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(change, { minLength: 1, maxLength: 60, size: 'max' }),
      async changes => {
        const folder = mkdtempSync(join(tmpdir(), 'usher-model-'));
        const model = emptyModel();
        const open = () =>
          openLmdb(folder, {
            now: () => model.now,
            seal: testSeal,
            limits: defaultLimits.store.lmdb,
          });
        let store = open();
        try {
          for (const [n, [kind, ...numbers]] of changes.entries()) {
            if (kind === 'reopen') {
              await store.close();
              store = open();
            } else await make(store, model, kind, numbers);
            await check(store, model, n % 7 === 6 || n === changes.length - 1, numbers);
          }
        } finally {
          await store.close();
          rmSync(folder, { recursive: true });
        }
      },
    ),
    { numRuns: 5 },
  );
});

function emptyModel(): Model {
  const maps = { records: new Map(), requests: new Map(), sessions: new Map() };
  return { now: 1e12, ...maps, imported: new Map(), forms: new Set(), log: [], pruned: 0 };
}

async function make(
  store: Store,
  model: Model,
  kind: Exclude<(typeof kinds)[number], 'reopen'>,
  [a, b, c]: readonly number[] & { 0: number; 1: number; 2: number },
): Promise<void> {
  const { records, now } = model;
  const id = pick([...records.keys()], a);
  const before = id === undefined ? undefined : records.get(id);
  const isOpen = before !== undefined && before.revokedAt === undefined;
  const fields = { owner: pick(owners, b), expiresAt: c % 3 ? now + (c % 40) * step : undefined };
  if (kind === 'create')
    await commit(store, model, creation(without(fields) as Partial<AccessTokenRecord>), b);
  else if (kind === 'update' && isOpen) {
    await commit(store, model, update(before, fields as Partial<AccessTokenRecord>), b);
  } else if (kind === 'revoke' && isOpen) await commit(store, model, revocation(before), b);
  else if (kind === 'import') {
    const added = Array.from({ length: 1 + (a % 3) }, (_, n) => ({
      digest: `d${(b + n) % 50}`,
      tokenId: `t${c % 9}-${n}`,
    }));
    const form = `sha256/k1/${a % 4}`;
    const held = await store.reserveImported([form], added);
    model.forms.add(form);
    for (const { digest, tokenId } of added) {
      if (!model.imported.has(digest)) model.imported.set(digest, tokenId);
    }
    expect(held).toEqual(added.map(({ digest }) => model.imported.get(digest)));
  } else if (kind === 'session') {
    const until = now + (c % 20) * step;
    await store.endSession(`s${a % 60}`, until);
    model.sessions.set(`s${a % 60}`, until);
  } else if (kind === 'event') {
    const about = a % 2 && id !== undefined ? id : '';
    await store.append(eventOf('call.refused', about));
    model.log.push(about);
  } else if (kind === 'prune' && model.log.length > model.pruned + 1) {
    const upTo = model.pruned + 1 + (a % (model.log.length - model.pruned - 1));
    while (await store.removeEvents(upTo, 1 + (b % 5)));
    model.pruned = upTo;
  } else if (kind === 'wait') model.now += (a % 30) * step;
}

/** Commits a change; one in two has a request id, which may have been used before. */
async function commit(store: Store, model: Model, made: Change, number: number): Promise<void> {
  const key = `admin:${number % 30}`;
  const prior = model.requests.get(key);
  const isKept = prior !== undefined && prior.keepUntil > model.now;
  const keepUntil = model.now + (number % 15) * step;
  if (number % 2) made.request = { ...requestOf(made, key), keepUntil };
  const { outcome } = await store.commit(made);
  expect(outcome).toBe(number % 2 && isKept ? 'repeated' : 'done');
  if (outcome !== 'done') return;
  const { record } = made;
  model.records.set(record.id, record);
  model.log.push(record.id);
  if (number % 2) model.requests.set(key, { tokenId: record.id, keepUntil });
}

/** Compares some answers, or all. */
async function check(store: Store, model: Model, isAll: boolean, numbers: readonly number[]) {
  const [a = 0, b = 0] = numbers;
  const { now, records, log, pruned } = model;
  const some = <T>(list: readonly T[]) => (isAll ? list : list.slice(a % 7, (a % 7) + 2));
  const ids = [...records.keys()].sort();
  for (const id of [...some(ids), ...some(ids.map(neighbour)), creation().record.id]) {
    expect((await store.find(id)).record).toEqual(records.get(id) && without(records.get(id)));
    const ofToken = log.flatMap((of, n) => (of === id && n >= pruned ? [n + 1] : []));
    for (const limit of [1 + (b % 4), 100]) {
      expect(await sequences(store, 'oldest', id, limit)).toEqual(ofToken);
      expect(await sequences(store, 'newest', id, limit)).toEqual(ofToken.toReversed());
    }
  }
  for (const n of some(Array.from({ length: 62 }, (_, each) => each))) {
    const request = model.requests.get(`admin:${n}`);
    const kept = request !== undefined && request.keepUntil > now ? request.tokenId : undefined;
    expect((await store.findRequest(`admin:${n}`))?.tokenId).toBe(kept);
    const until = model.sessions.get(`s${n}`);
    const isEnded = await store.isSessionEnded(`s${n}`);
    // After its end, a session may be forgotten.
    if (until === undefined || until > now) expect(isEnded).toBe(until !== undefined);
    expect(store.findImported(`d${n}`)).toBe(model.imported.get(`d${n}`));
  }
  expect([...(await store.importedForms())].sort()).toEqual([...model.forms].sort());
  const all = Array.from({ length: log.length - pruned }, (_, n) => pruned + n + 1);
  expect(await sequences(store, 'oldest', undefined, 1 + (b % 9))).toEqual(all);
  expect((await store.head()).sequence).toBe(log.length);
  const limits = isAll ? [1, 2, 3, 100] : [1 + (b % 5)];
  for (const limit of limits) {
    await checkList(store, { order: 'oldest', limit }, ids);
    await checkList(store, { order: 'newest', limit }, ids.toReversed());
    for (const owner of some([...new Set(owners), 'none'])) {
      if (owner === undefined) continue;
      const owned = ids.filter(id => records.get(id)?.owner === owner);
      await checkList(store, { order: 'oldest', owner, limit }, owned);
      await checkList(store, { order: 'newest', owner, limit }, owned.toReversed());
      expect(await store.count(owner)).toBe(owned.length);
    }
    for (const expiresAfter of [0, now, now + (a % 40) * step]) {
      const ending = ids
        .map(id => [records.get(id)?.expiresAt ?? 0, id] as const)
        .filter(([end]) => end > expiresAfter)
        .sort(compareKeys)
        .map(([, id]) => id);
      await checkList(store, { order: 'expiry', expiresAfter, limit }, ending);
    }
  }
}

/** Compares a list, and a page of it behind a cursor that names no access token. */
async function checkList(store: Store, scan: Scan, ids: string[]): Promise<void> {
  expect(await walk(store, scan)).toEqual(ids);
  const after = pick(ids, ids.length >> 1);
  if (after === undefined || scan.order === 'expiry') return;
  const page = await store.scan({ ...scan, after: neighbour(after) });
  const rest = ids.filter(id => (scan.order === 'newest' ? id <= after : id > after));
  expect(page.records.map(({ id }) => id)).toEqual(rest.slice(0, scan.limit));
}

async function sequences(
  store: Store,
  order: 'newest' | 'oldest',
  tokenId: string | undefined,
  limit: number,
): Promise<number[]> {
  const found: number[] = [];
  for (;;) {
    const after = found.at(-1);
    const of = tokenId === undefined ? {} : { tokenId };
    const from = after === undefined ? {} : { after };
    const entries = await store.events({ order, limit, ...of, ...from });
    found.push(...entries.map(({ sequence }) => sequence));
    if (entries.length < limit) return found;
  }
}

/** An id right behind another, that no access token has. */
function neighbour(id: string): string {
  return `${id}0`;
}

function pick<T>(list: readonly T[], number: number): T | undefined {
  return list[number % list.length];
}

/** Without members that are undefined. */
function without<T extends object>(fields: T | undefined): Partial<T> {
  const given = Object.entries(fields ?? {}).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as Partial<T>;
}
