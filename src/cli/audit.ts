/** `usher audit`: lists, exports and checks the audit log. */

import { createReadStream } from 'node:fs';
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import type { ChainReport, KnownEntry } from '../api/audit-chain.ts';
import { checkChain } from '../api/audit-chain.ts';
import type { AuditEntry } from '../api/audit-log.ts';
import { auditEntries } from '../api/audit-log.ts';
import type { Admin } from '../api/connect.ts';
import { checkDocuments, type DocumentReport } from '../api/document-check.ts';
import { emptyNotes, type LogNotes, noteChanges } from '../api/log-notes.ts';
import { checkRecords, type RecordReport } from '../api/record-check.ts';
import { linesOf } from '../reading/lines.ts';
import { addAuditActions, addAuditExport } from './audit-export.ts';
import { addAuditList } from './audit-list.ts';
import type { Context } from './context.ts';
import { connect, optionsOf } from './context.ts';
import { exitCodes, UsageError } from './exit-codes.ts';
import { progress } from './progress.ts';
import { outJson } from './terminal.ts';

const everything = Number.MAX_SAFE_INTEGER;

/** Adds the commands. `verify` calls `exit` with 1 if the log is broken. */
export function addAuditCommands(
  program: Command,
  context: Context,
  exit: (code: number) => void,
): void {
  const audit = program.command('audit').description('list, export and check the audit log');
  addAuditList(audit, context);
  addAuditExport(audit, context);
  addAuditActions(audit, context);
  addVerify(audit, context, exit);
}

function addVerify(audit: Command, context: Context, exit: (code: number) => void): void {
  audit
    .command('verify')
    .description('check that no entry was changed, removed or moved; exit code 1 if one was')
    .argument('[file]', "an export to check instead of the server's log; - for standard input")
    .option('--head <entry>', 'an entry of an earlier check that must still be there', knownEntry)
    .option('--records', 'also compare each record and document of the store with its last entry')
    .action(async (file: string | undefined, _, self: Command) => {
      const options = optionsOf<{ head?: KnownEntry; records?: true }>(self);
      if (file !== undefined && options.records) {
        throw new UsageError('--records compares with the server: leave out the file');
      }
      const admin = file === undefined ? connect(context, options) : undefined;
      const notes = emptyNotes();
      const entries =
        admin === undefined
          ? readEntries(context, file as string)
          : auditEntries(admin, { oldestFirst: true, limit: everything });
      const noted = options.records ? noteChanges(entries, notes) : entries;
      const report = await checkChain(progress(context.terminal, noted, 'entries'), options.head);
      // A broken log says nothing about the store.
      const isCompared = options.records === true && report.whole;
      const compared = isCompared ? await compare(admin as Admin, notes) : undefined;
      if (options.json) outJson(context.terminal, { ...report, ...compared });
      else {
        outReport(context, report);
        if (compared !== undefined) outCompared(context, compared);
      }
      const isGood = report.whole && (compared?.wrong ?? []).length === 0;
      exit(isGood ? exitCodes.ok : exitCodes.refused);
    });
}

interface Compared extends Omit<RecordReport & DocumentReport, 'wrong'> {
  wrong: (RecordReport['wrong'][number] | DocumentReport['wrong'][number])[];
}

async function compare(admin: Admin, notes: LogNotes): Promise<Compared> {
  const ofRecords = await checkRecords(admin, notes);
  const ofDocuments = await checkDocuments(admin, notes);
  return {
    ...{ records: ofRecords.records, documents: ofDocuments.documents },
    unproven: ofRecords.unproven + ofDocuments.unproven,
    wrong: [...ofRecords.wrong, ...ofDocuments.wrong],
  };
}

function outCompared({ terminal }: Context, compared: Compared): void {
  const { colors } = terminal;
  const { records, documents, unproven, wrong } = compared;
  if (wrong.length === 0) {
    terminal.out(
      colors.green(`all ${records} records and ${documents} documents agree with the log`),
    );
  }
  for (const each of wrong) {
    const what = 'id' in each ? `access token ${each.id}` : `document ${each.document}`;
    terminal.out(colors.red(`${what}: ${each.problem}`));
  }
  if (unproven > 0) {
    terminal.out(`${unproven} of them have no entry, since old ones were removed: not compared`);
  }
}

async function* readEntries({ stdin }: Context, path: string): AsyncGenerator<AuditEntry> {
  const input = path === '-' ? stdin : createReadStream(path);
  let number = 0;
  try {
    for await (const line of linesOf(input)) {
      number += 1;
      const entry = readEntry(line);
      if (entry === undefined)
        throw new UsageError(`line ${number} is not an entry of an audit log`);
      yield entry;
    }
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error;
    throw new UsageError(`${path} cannot be read (${error.code})`);
  }
}

function readEntry(line: string): AuditEntry | undefined {
  try {
    const entry = JSON.parse(line) as Partial<AuditEntry> | null;
    const { sequence, time, hash } = entry ?? {};
    const whole = typeof sequence === 'number' && typeof hash === 'string';
    return whole && !Number.isNaN(Date.parse(time ?? '')) ? (entry as AuditEntry) : undefined;
  } catch {
    return undefined;
  }
}

function knownEntry(text: string): KnownEntry {
  const [, sequence, hash] = /^([1-9][0-9]{0,14}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (sequence !== undefined && hash !== undefined) return { sequence: Number(sequence), hash };
  throw new InvalidArgumentError('expected <number>:<hash>, as shown by `usher audit verify`');
}

function outReport({ terminal }: Context, report: ChainReport): void {
  const { colors } = terminal;
  if (!report.whole) {
    terminal.out(colors.red(`broken at entry ${report.sequence}: ${report.problem}`));
    return;
  }
  terminal.out(colors.green(`whole: ${report.entries} entries, none changed, removed or moved`));
  terminal.out(`--head ${report.sequence}:${report.hash}`);
  if (terminal.notesRich) terminal.note('keep this: only with it can a truncated log be detected');
}
