/** `usher backup` and `usher restore`: the whole store in one file, whichever kind of store it is. */

import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { backupLines } from '../api/backup.ts';
import type { CheckReport, Context } from './context.ts';
import { connect, optionsOf } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import { writeNewFile } from './new-file.ts';
import { progress } from './progress.ts';
import { outJson, type Terminal } from './terminal.ts';

/** Adds the commands. `restore` calls `exit` with 1 when the backup is refused. */
export function addBackupCommands(
  program: Command,
  context: Context,
  exit: (code: number) => void,
): void {
  const { terminal } = context;
  program
    .command('backup')
    .description('write the whole store to a file, while the server runs')
    .argument('<file>', 'a new file, or a folder, in which the file is named after the time')
    .action(async (given: string, _, self: Command) => {
      const options = optionsOf(self);
      const path = await newFileOf(given, context.now());
      const lines = progress(terminal, backupLines(connect(context, options)), 'lines');
      let count = 0;
      const texts = withChecksum(lines, all => {
        count = all;
      });
      await writeNewFile(path, texts);
      if (options.json) outJson(terminal, { file: path, lines: count });
      else {
        terminal.out(`${path}: ${count} lines`);
        terminal.out(
          'keep the master keys (USHER_MASTER_KEYS) elsewhere: it is useless without them',
        );
      }
    });
  program
    .command('restore')
    .description('write a backup into the empty store of USHER_STORE; no server may run on it')
    .argument('<file>', 'a file of usher backup')
    .option('--check', 'only check the file; it needs the master keys, and no store')
    .action(async (path: string, _, self: Command) => {
      const { json, check } = optionsOf<{ check?: true }>(self);
      if (check)
        return exit(outChecked(terminal, json, await context.checkBackup(context.env, path)));
      const report = await context.restore(context.env, path, text => terminal.note(text));
      if (json) outJson(terminal, report);
      else if ('problem' in report) terminal.note(`usher: not restored: ${report.problem}`);
      else {
        const { records, entries, imported, documents } = report;
        terminal.out(
          `restored ${records} access tokens (${imported} imported ones can be looked up), ` +
            `${documents} documents (people, invitations, webhooks, leaks) and ${entries} entries ` +
            'of the audit log',
        );
      }
      exit('problem' in report ? exitCodes.refused : exitCodes.ok);
    });
}

/** Prints what a backup holds. Returns the exit code. */
function outChecked(terminal: Terminal, json: true | undefined, report: CheckReport): number {
  if (json) outJson(terminal, report);
  else if ('problem' in report) terminal.note(`usher: not a good backup: ${report.problem}`);
  else {
    const { records, documents, entries, made } = report;
    terminal.out(
      `a good backup, whose log ends at ${made}: ${records} access tokens, ${documents} documents ` +
        `(people, invitations, webhooks, leaks) and ${entries} entries of the audit log`,
    );
  }
  return 'problem' in report ? exitCodes.refused : exitCodes.ok;
}

/** The file to write: the given one, or in a folder that exists one named after the time. */
async function newFileOf(given: string, now: number): Promise<string> {
  const isFolder = await stat(given).then(
    found => found.isDirectory(),
    () => false,
  );
  if (!isFolder) return given;
  // Without colons, which some file systems do not allow; names sort by time.
  const time = new Date(now).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  return join(given, `usher-${time}.backup`);
}

/** The lines, and a last one with their checksum and number; `onEnd` gets the number too. */
async function* withChecksum(
  lines: AsyncIterable<string>,
  onEnd: (lines: number) => void,
): AsyncGenerator<string> {
  const sum = createHash('sha256');
  let count = 0;
  for await (const line of lines) {
    sum.update(`${line}\n`);
    yield `${line}\n`;
    count += 1;
  }
  yield `${JSON.stringify({ lines: count, sha256: sum.digest('hex') })}\n`;
  onEnd(count);
}
