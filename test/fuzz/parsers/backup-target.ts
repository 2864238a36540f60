/** A backup, which may have been in the hands of others since it was written. */

import assert from 'node:assert/strict';
import { type ChainedEvent, chain, emptyChain, headOf } from '../../../src/store/audit.ts';
import type { AccessTokenRecord } from '../../../src/store/record.ts';
import { type BackupLine, backupFormat, writeLine } from '../../../src/tokens/backup-line.ts';
import { BackupProblem, checkBackup } from '../../../src/tokens/check-backup.ts';
import { testSeal } from '../../seal.ts';
import type { Target } from '../target.ts';

const ids = ['0199a0de-0000-7000-8000-000000000001', '0199a0de-0000-7000-8000-000000000002'];
const recordOf = (id: string, revision: number, eventId: string): AccessTokenRecord => ({
  ...{ id, revision, eventId, kind: 'static', name: 'test', scopes: ['a'] },
  ...{ secrets: [], createdAt: 1, updatedAt: revision },
});
const [first = '', second = ''] = ids;
const records = [recordOf(first, 1, 'e1'), recordOf(second, 1, 'e2'), recordOf(first, 2, 'e3')];

/** The log of these changes. */
const log: ChainedEvent[] = [];
for (const { id, revision, eventId } of records) {
  const action = revision === 1 ? 'token.create' : 'token.revoke';
  const empty = { actor: 'admin', peer: '', detail: '', requestId: '' };
  log.push(
    chain(log.at(-1) ?? emptyChain, { id: eventId, time: 1, action, tokenId: id, ...empty }),
  );
}

const headAt = (n: number) => headOf(log[n - 1] as ChainedEvent);

/** The backup after so many changes, in a format that can be restored. */
function backupAt(changes: number, format: number): string[] {
  const start: BackupLine = { backup: format, head: headAt(changes), forms: [] };
  const latest = new Map(records.slice(0, changes).map(record => [record.id, record]));
  const lines: BackupLine[] = [
    start,
    ...[...latest.values()].map(record => ({ record })),
    ...log.slice(0, changes).map(event => ({ event })),
    { end: headAt(changes), oldest: 1, forms: [] },
  ];
  return lines.map(line => writeLine(testSeal, line));
}

/** Of one store, at two times: before and after the revocation. */
const backups = [1, backupFormat].flatMap(format => [backupAt(2, format), backupAt(3, format)]);
const genuine = new Set(backups.flat());
/** Without the last digit of the MAC, some of whose bits mean nothing. */
const bodyOf = (line: string) => line.slice(0, -3);
const bodies = new Set([...genuine].map(bodyOf));

async function* linesOf(text: string) {
  yield* text.split('\n');
}

/** The input is the file. */
async function play(input: Buffer): Promise<void> {
  const text = input.toString('utf8');
  try {
    const { lastLineOf, end } = await checkBackup(linesOf(text), testSeal);
    const lines = text.split('\n');
    assert(
      lines.every(line => bodies.has(bodyOf(line))),
      'a line that Usher did not write',
    );
    const latest = records.slice(0, end.sequence).filter(({ id }) => id === first);
    const line = lines[(lastLineOf.get(first) ?? 0) - 1] ?? '';
    const { record } = JSON.parse(line);
    assert(record.revision >= (latest.at(-1)?.revision ?? 0), 'a revoked token comes back');
  } catch (error) {
    if (!(error instanceof BackupProblem)) throw error;
    // The problem goes to a terminal: it repeats nothing of the file but ids.
    assert(error.message.length < 200, 'the problem is long');
  }
}

const line = (part: object) => writeLine(testSeal, part as BackupLine);

/** The files. */
export const backupTarget: Target = {
  name: 'backup',
  share: 1,
  bytesMax: 6000,
  seeds: [
    ...backups.map(lines => Buffer.from(lines.join('\n'))),
    Buffer.from([...backups.flat()].join('\n')),
    Buffer.from('{}\n{"mac":""}'),
  ],
  words: [
    ...genuine,
    line({ other: 1 }),
    '\n',
    '{',
    '}',
    '"mac":"',
    'k1 ',
    '"end"',
    ',"oldest":1',
  ].map(text => Buffer.from(text)),
  bend(input, random) {
    // Whole lines, moved, removed or taken from the other backup.
    const lines = input.toString('utf8').split('\n');
    const at = Math.floor(random.next() * (lines.length + 1));
    const added = random.chance(0.6) ? [random.pick([...genuine, ...lines])] : [];
    lines.splice(at, random.chance(0.6) ? 1 : 0, ...added);
    return Buffer.from(lines.join('\n'));
  },
  play,
};
