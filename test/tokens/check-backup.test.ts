/** The check of a backup finds lines that are missing, moved, repeated, or of another backup. */

import { expect, test } from 'vitest';
import { type ChainedEvent, chain, emptyChain } from '../../src/store/audit.ts';
import type { AccessTokenRecord } from '../../src/store/record.ts';
import { type BackupLine, backupFormat, writeLine } from '../../src/tokens/backup-line.ts';
import { checkBackup } from '../../src/tokens/check-backup.ts';
import { auditActions } from '../../src/wording/actions.ts';
import { testSeal } from '../seal.ts';
import { creation, revocation } from '../store/changes.ts';

const made = [creation(), creation()];
const [first, second] = made.map(({ record }) => record) as [AccessTokenRecord, AccessTokenRecord];
const revoked = revocation(first);
const events: ChainedEvent[] = [];
for (const { event } of [...made, revoked]) events.push(chain(events.at(-1) ?? emptyChain, event));
const head = events.at(-1) ?? emptyChain;
const [one, two, three] = events.map(event => ({ event })) as [BackupLine, BackupLine, BackupLine];

const start: BackupLine = { backup: backupFormat, head: emptyChain, forms: [] };
const end: BackupLine = { end: head, oldest: 1, forms: ['sha256/k1/20'] };
const whole: BackupLine[] = [
  ...[start, { record: first }, { record: second }, one, two, three],
  ...[{ record: revoked.record }, end],
];

async function* written(lines: BackupLine[]) {
  for (const line of lines) yield writeLine(testSeal, line);
}

const check = (lines: BackupLine[]) => checkBackup(written(lines), testSeal);

test('the last line about an access token holds', async () => {
  const { lastLineOf, forms } = await check(whole);
  expect([...lastLineOf]).toEqual([
    [first.id, 7],
    [second.id, 3],
  ]);
  expect(forms).toEqual(['sha256/k1/20']);
});

test.each([
  ['the end', (lines: BackupLine[]) => lines.slice(0, -1), /has no end/],
  [
    'the last record',
    (lines: BackupLine[]) => lines.toSpliced(6, 1),
    /is not that of its last change/,
  ],
  [
    'a record',
    (lines: BackupLine[]) => lines.toSpliced(2, 1),
    /record of access token .* is missing/,
  ],
  [
    'an entry',
    (lines: BackupLine[]) => lines.toSpliced(4, 1),
    /line 5 does not continue the audit log/,
  ],
  ['the last entry', (lines: BackupLine[]) => lines.toSpliced(5, 1), /does not reach its end/],
  ['the start', (lines: BackupLine[]) => lines.slice(1), /line 1 is in a wrong place/],
])('without %s it is refused', async (_, change, problem) => {
  await expect(check(change(whole))).rejects.toThrow(problem);
});

test('with entries in another order, or a second backup behind it, it is refused', async () => {
  const swapped = [start, { record: second }, two, one, three, { record: revoked.record }, end];
  await expect(check(swapped)).rejects.toThrow(/line 4 does not continue/);
  await expect(check([...whole, ...whole])).rejects.toThrow(/line 9 follows the end/);
});

test('a record whose change was under way at the end is newer than the log, and good', async () => {
  const later = { ...second, revision: 2, eventId: 'later' };
  const { lastLineOf } = await check([...whole.slice(0, -1), { record: later }, end]);
  expect(lastLineOf.get(second.id)).toBe(8);
});

test('a log that was shortened in the store is one that begins later, and not in the backup', async () => {
  const short = [start, { record: second }, { record: revoked.record }, two, three];
  await expect(check([...short, { ...end, oldest: 2 }])).resolves.toBeDefined();
  await expect(check([...short, end])).rejects.toThrow(/lacks its start/);
  const older = [start, { record: second }, { record: first }, two, three];
  await expect(check([...older, { ...end, oldest: 2 }])).rejects.toThrow(/not that of its last/);
});

test('a backup of a newer version is refused', async () => {
  const newer = { ...start, backup: backupFormat + 1 };
  await expect(check([newer, ...whole.slice(1)])).rejects.toThrow(/of a newer version of Usher/);
});

test('an entry that names an access token and changes nothing of it is no change of its record', async () => {
  const others = Object.keys(auditActions).filter(name => !auditActions[name]?.changesRecord);
  expect(others).toContain('token.leaked');
  let last = head;
  const about = others.map(action => {
    const { event } = revocation(first);
    last = chain(last, { ...event, action });
    return { event: last as ChainedEvent };
  });
  const lines = [...whole.slice(0, -1), ...about, { ...end, end: last }];
  await expect(check(lines)).resolves.toBeDefined();
});
