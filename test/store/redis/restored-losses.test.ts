/** What the store of a backup had lost, and was not accepted, stays unavailable where the backup is restored. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { storeAddress } from '../../../src/store/address.ts';
import { type ChainedEvent, chain, headOf } from '../../../src/store/audit.ts';
import { type Loss, lossEntries } from '../../../src/store/continuity/loss-entries.ts';
import { openStore } from '../../../src/store/open.ts';
import { type Store, Unavailable } from '../../../src/store/store.ts';
import { createReadBackup } from '../../../src/tokens/backup.ts';
import { restoreBackup } from '../../../src/tokens/restore.ts';
import { storeLimits } from '../../limits.ts';
import { testSeal } from '../../seal.ts';
import { admin, fields, openOffice, startMs } from '../../tokens/setup.ts';
import { until } from '../../until.ts';
import { eventOf } from '../changes.ts';
import { said } from './open-store.ts';
import { startRedis } from './server.ts';

const { store, tokens, audit } = openOffice();
const readBackup = createReadBackup({ store, seal: testSeal, audit });
const older = (await tokens.create(admin, 'static', fields())).record.id;
const revoked = (await tokens.create(admin, 'static', fields())).record.id;
const good = (await tokens.create(admin, 'static', fields())).record.id;
const ann = { collection: 'people', id: 'ann' } as const;
await store.changeDocument({
  ...ann,
  before: 0,
  body: { role: 'admin' },
  event: eventOf('person.create'),
});
await tokens.revoke(admin, revoked, '');
const point = { sequence: 9, hash: 'a'.repeat(64) };
const loss: Loss = {
  changes: [older, revoked, ''].map((tokenId, n) => ({
    ...{ sequence: n + 7, time: startMs, action: 'token.rotate', tokenId, isPutBack: false },
  })),
  tokenIds: [older, revoked],
  documents: [{ name: 'people/ann', revision: 3 }],
};
for (const { event } of lossEntries(
  { known: [], isHoled: false, fork: point, loss },
  point,
  startMs,
)) {
  await store.append(event);
}
// A replica that starts reads the log of a day back, and the last 1000 entries of any age.
const later: ChainedEvent[] = [];
for (
  let head = await store.head();
  later.length < 1000;
  head = headOf(later.at(-1) as ChainedEvent)
) {
  later.push(chain(head, { ...eventOf('session.end'), time: startMs }));
}
await store.loadEvents(later);

async function backup() {
  const lines: string[] = [];
  let pageToken = '';
  do {
    const page = await readBackup(admin, pageToken);
    lines.push(...page.lines);
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return lines;
}

/** Restores a backup at an address, as `usher restore` does; returns how to open what was restored. */
async function restored(lines: string[], address: string) {
  const open = async () => {
    const options = { now: Date.now, seal: testSeal, limits: storeLimits() };
    const opened = await openStore(storeAddress(address), options);
    onTestFinished(() => opened.close());
    return opened;
  };
  const into = await open();
  const by = { actor: 'command line', peer: 'host', time: Date.now() };
  await restoreBackup(
    async function* () {
      yield* lines;
    },
    into,
    testSeal,
    by,
  );
  await into.close();
  return open;
}

const places: [kind: string, place: () => Promise<string>][] = [
  [
    'the embedded store',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'usher-losses-'));
      onTestFinished(() => rmSync(folder, { recursive: true }));
      return `lmdb:${folder}`;
    },
  ],
  [
    'Redis',
    async () => {
      const server = await startRedis();
      onTestFinished(() => server.stop());
      return `redis://127.0.0.1:${server.port}`;
    },
  ],
];

const lostIn = ({ health }: Store) => health.degraded.some(({ what }) => what === 'lost');
const roleIn = async (from: Store) => {
  try {
    return (await from.document('people', 'ann'))?.body.role;
  } catch (error) {
    return error instanceof Unavailable ? 'unavailable' : error;
  }
};
const people = async (from: Store) =>
  (await from.documents({ collection: 'people', limit: 9 })).length;

test.each(places)('in %s', async (_, place) => {
  const open = await restored(await backup(), await place());
  const other = await open();
  await until(() => other.health.up && lostIn(other));
  expect(await said(other, older)).toBe('unavailable');
  expect(await said(other, revoked)).toBe('revoked');
  expect(await said(other, good)).toBe('good');
  expect(await roleIn(other)).toBe('unavailable');
  expect(await people(other)).toBe(0);
  const again = other.changeDocument({ ...ann, before: 1, body: { role: 'viewer' } });
  await expect(again).rejects.toBeInstanceOf(Unavailable);
  // Administrators see what there is.
  expect((await other.get(older))?.id).toBe(older);
  const { lost } = await other.storeStatus();
  expect(lost.map(({ tokenId }) => tokenId)).toEqual([older, revoked, '']);

  // A restart does not accept.
  const second = await open();
  await until(() => second.health.up && lostIn(second));
  expect(await said(second, older)).toBe('unavailable');
  await second.acceptStore({ actor: 'admin', peer: '' });
  for (const each of [second, other]) {
    await until(async () => (await said(each, older)) === 'good' && !lostIn(each));
    expect(await roleIn(each)).toBe('admin');
    expect(await people(each)).toBe(1);
  }
  const [entry] = await second.events({ order: 'newest', limit: 1 });
  expect(entry).toMatchObject({ action: 'store.accept', detail: '3 lost changes' });
  const third = await open();
  await until(() => third.health.up);
  expect(await said(third, older)).toBe('good');
  await second.acceptStore({ actor: 'admin', peer: '' });
});

test('what was accepted before the backup is good', async () => {
  await store.append(eventOf('store.accept'));
  const [[, place] = []] = places;
  const other = await (await restored(await backup(), (await place?.()) ?? ''))();
  expect([await said(other, older), await roleIn(other), lostIn(other)]).toEqual([
    'good',
    'admin',
    false,
  ]);
});
