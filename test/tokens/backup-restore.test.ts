/** A backup, page by page while the store changes, and its restoration into an empty store. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { collections, type DocumentChange } from '../../src/store/documents.ts';
import { openLmdb } from '../../src/store/lmdb/store.ts';
import type { Store } from '../../src/store/store.ts';
import { createReadBackup } from '../../src/tokens/backup.ts';
import { readLine } from '../../src/tokens/backup-line.ts';
import { BackupProblem } from '../../src/tokens/check-backup.ts';
import { restoreBackup } from '../../src/tokens/restore.ts';
import { defaultLimits } from '../limits.ts';
import { testSeal } from '../seal.ts';
import { eventOf, intactLog } from '../store/changes.ts';
import { admin, adminOf, expectRefused, fields, openOffice, reader, startMs } from './setup.ts';

const { store, tokens, importTokens, audit, now } = openOffice();
const readBackup = createReadBackup({ store, seal: testSeal, audit });
const by = { actor: 'command line', peer: 'host', time: startMs + 1000 };

/** All lines; `between` runs after each page. */
async function backup(between: (page: number) => Promise<unknown> = async () => undefined) {
  const lines: string[] = [];
  let pageToken = '';
  let pages = 0;
  do {
    const page = await readBackup(admin, pageToken);
    lines.push(...page.lines);
    pageToken = page.nextPageToken;
    await between(++pages);
  } while (pageToken !== '');
  return lines;
}

function emptyStore(): Store {
  const folder = mkdtempSync(join(tmpdir(), 'usher-restore-'));
  const other = openLmdb(folder, { now, seal: testSeal, limits: defaultLimits.store.lmdb });
  onTestFinished(async () => {
    await other.close();
    rmSync(folder, { recursive: true });
  });
  return other;
}

const restore = (lines: string[], into: Store, time = by.time) =>
  restoreBackup(
    async function* () {
      yield* lines;
    },
    into,
    testSeal,
    { ...by, time },
  );

const imported = 'sk_live_0123456789abcdef';
const first = await tokens.create(admin, 'static', fields({ owner: 'ann' }));
const second = await tokens.create(admin, 'jwt', fields());
await importTokens(admin, [{ secret: { token: imported }, fields: fields() }], {
  dryRun: false,
  allowWeak: false,
});
await store.addUsage([
  {
    ...{ tokenId: first.record.id, date: '2023-11-14', count: 3, lastUsedAt: startMs },
    lastUsedFrom: '192.0.2.77',
  },
]);

describe('a restored backup', () => {
  test('has records, counts of use, imported tokens and the log, and says who restored it', async () => {
    const lines = await backup();
    const other = emptyStore();
    const restored = await restore(lines, other);
    expect(restored).toEqual({ records: 3, imported: 1, documents: 0, entries: 4 });
    for (const { record } of [first, second]) {
      expect(await other.get(record.id)).toEqual(await store.get(record.id));
    }
    const [used] = await store.usage([first.record.id]);
    expect(used?.lastUsedFrom).toBe('192.0.2.77');
    expect(await other.usage([first.record.id])).toEqual([{ ...used, lastUsedFrom: undefined }]);
    expect(JSON.stringify(lines)).not.toContain('192.0.2.77');
    expect(await other.importedForms()).toEqual(await store.importedForms());
    const entry = (await intactLog(other)).at(-1);
    expect(entry).toMatchObject({
      ...{ action: 'store.restore', actor: 'command line', peer: 'host', tokenId: '' },
      time: by.time,
      detail:
        '3 access tokens, 1 digests of imported tokens, 0 documents and 4 entries of the log, of a ' +
        'backup whose log ends with entry 4 of 2023-11-14T22:13:20.000Z',
    });
  });
  test('does not end before its log does, whatever the clock says', async () => {
    const other = emptyStore();
    await restore(await backup(), other, 1);
    expect((await intactLog(other)).at(-1)?.time).toBe(startMs);
  });
  test('has what changed while it was read', async () => {
    const ids: string[] = [];
    const lines = await backup(async page => {
      if (page > 3) return;
      const { record } = await tokens.create(admin, 'static', fields());
      await tokens.revoke(admin, record.id, '');
      ids.push(record.id);
    });
    const other = emptyStore();
    await restore(lines, other);
    expect(ids).toHaveLength(3);
    for (const id of ids) expect((await other.get(id))?.revokedAt).toBe(startMs);
  });
  test('goes into an empty store alone, and a broken one changes nothing', async () => {
    const lines = await backup();
    await expect(restore(lines, store)).rejects.toThrow(/^the store is not empty: name another/);
    const other = emptyStore();
    const broken = lines.toSpliced(-1, 1);
    await expect(restore(broken, other)).rejects.toBeInstanceOf(BackupProblem);
    expect(await other.isEmpty()).toBe(true);
  });
});

describe('documents in a backup', () => {
  const change = (id: string, more: Partial<DocumentChange> = {}): DocumentChange => ({
    ...{ collection: 'people', id, before: 0, body: { name: id } },
    event: eventOf('person.update'),
    ...more,
  });
  const removal = (id: string, before: number): DocumentChange => {
    const { body: _, ...rest } = change(id, { before });
    return rest;
  };
  test('people, invitations, webhooks and leaks are restored, what runs is not', async () => {
    for (let n = 0; n < 3; n++) await store.changeDocument(change(`p${n}`));
    await store.changeDocument(change('p1', { before: 1, body: { name: 'new' } }));
    const keepUntil = startMs + 1_000_000;
    for (const collection of collections) {
      await store.changeDocument({ collection, id: 'x.Y_-z', before: 0, body: {}, keepUntil });
    }
    const other = emptyStore();
    expect((await restore(await backup(), other)).documents).toBe(7);
    const stored = async (from: Store) =>
      await Promise.all(collections.map(async c => from.documents({ collection: c, limit: 99 })));
    const [before, after] = [await stored(store), await stored(other)];
    const kept = collections.map((name, n) =>
      ['sessions', 'jobs', 'deliveries'].includes(name) ? [] : before[n],
    );
    expect(after).toEqual(kept);
    expect(await other.changeDocument(change('p1', { before: 2 }))).toBe('done');
    expect(await other.isEmpty()).toBe(false);
  });
  test('are those of the end, whatever changed while it was read', async () => {
    await store.changeDocument(change('gone'));
    await store.changeDocument(change('changed', { body: { n: 1 } }));
    const lines = await backup(async page => {
      if (page !== 5) return;
      await store.changeDocument(removal('gone', 1));
      await store.changeDocument(change('changed', { before: 1, body: { n: 2 } }));
      await store.changeDocument(change('new'));
    });
    const other = emptyStore();
    await restore(lines, other);
    expect(await other.document('people', 'gone')).toBeUndefined();
    expect((await other.document('people', 'changed'))?.body).toEqual({ n: 2 });
    expect((await other.document('people', 'new'))?.revision).toBe(1);
  });
  test('that are older than the log is, are refused', async () => {
    const lines = await backup();
    await store.changeDocument(change('p0', { before: 1, body: { disabled: true } }));
    await store.changeDocument(removal('p2', 1));
    const later = await backup();
    const lineOf = (all: string[], id: string) =>
      all.findIndex(line => line.startsWith('{"document"') && line.includes(`"id":"${id}"`));
    const old = (id: string) => lines[lineOf(lines, id)] ?? '';
    const forged = [
      later.with(lineOf(later, 'p0'), old('p0')),
      later.toSpliced(lineOf(later, 'p0'), 0, old('p2')),
    ];
    for (const each of forged) {
      await expect(restore(each, emptyStore())).rejects.toThrow(
        /document people\/p[02] .* is older/,
      );
    }
    await restore(later, emptyStore());
  });
});

describe('a page', () => {
  test('begins with the state of the store, and the log notes that it was read', async () => {
    const { lines } = await readBackup({ ...admin, peer: '192.0.2.1' }, '');
    const [entry] = await store.events({ order: 'newest', limit: 1 });
    expect(entry).toMatchObject({ action: 'store.backup', actor: 'admin', peer: '192.0.2.1' });
    expect(lines).toHaveLength(1);
    expect(readLine(testSeal, lines[0] ?? '')).toMatchObject({
      backup: 2,
      head: await store.head(),
      forms: await store.importedForms(),
    });
  });
  test('of a token that is none is refused', async () => {
    for (const token of ['x', 'records', 'other.1.', 'records.x.', 'records.1', 'events.1.a b']) {
      await expectRefused(
        readBackup(admin, token),
        'INVALID_ARGUMENT',
        'page_token: is not a next',
      );
    }
  });
  test('is for the admin token alone', async () => {
    for (const caller of [reader, adminOf('ann'), { ...admin, actor: first.record.id }]) {
      await expectRefused(readBackup(caller, ''), 'PERMISSION_DENIED', /may read a backup$/);
    }
  });
});

test('a large store has pages of a megabyte', async () => {
  const before = (await store.events({ order: 'oldest', limit: 1000 })).length;
  const metadata = { text: 'x'.repeat(15_000) };
  for (let n = 0; n < 80; n++) await tokens.create(admin, 'static', fields({ metadata }));
  const sizes: number[] = [];
  let pageToken = '';
  do {
    const page = await readBackup(admin, pageToken);
    sizes.push(page.lines.join('\n').length);
    expect(page.lines.length).toBeLessThanOrEqual(500);
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  expect(Math.max(...sizes)).toBeLessThan(1_020_000);
  expect(sizes.filter(size => size > 500_000).length).toBeGreaterThan(0);
  const other = emptyStore();
  const { records, entries } = await restore(await backup(), other);
  expect(entries).toBeGreaterThanOrEqual(before + 80);
  expect(records).toBe((await store.scan({ order: 'oldest', limit: 2000 })).records.length);
});
