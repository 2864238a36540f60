/** `usher backup` and `usher restore`: the whole store in one file, whichever kind of store it is. */

import { createHash } from 'node:crypto';
import { open, unlink } from 'node:fs/promises';
import type { Command } from 'commander';
import { backupLines } from '../api/backup.ts';
import type { Context } from './context.ts';
import { connect, optionsOf } from './context.ts';
import { exitCodes, UsageError } from './exit-codes.ts';
import { progress } from './progress.ts';
import { outJson } from './terminal.ts';

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
    .argument('<file>', 'a new file')
    .action(async (path: string, _, self: Command) => {
      const options = optionsOf(self);
      const lines = progress(terminal, backupLines(connect(context, options)), 'lines');
      const written = await writeBackup(path, lines);
      if (options.json) outJson(terminal, written);
      else {
        terminal.out(`${path}: ${written.lines} lines`);
        terminal.out(
          'keep the master keys (USHER_MASTER_KEYS) elsewhere: it is useless without them',
        );
      }
    });
  program
    .command('restore')
    .description('write a backup into the empty store of USHER_STORE; no server may run on it')
    .argument('<file>', 'a file of usher backup')
    .action(async (path: string, _, self: Command) => {
      const { json } = optionsOf(self);
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

/** Writes the lines, and a last one with their number and checksum. A failure leaves no file. */
async function writeBackup(path: string, lines: AsyncIterable<string>): Promise<{ lines: number }> {
  const file = await open(path, 'wx', 0o600).catch(error => {
    throw new UsageError(`${path} cannot be created (${error.code}): name a new file`);
  });
  const sum = createHash('sha256');
  let count = 0;
  try {
    for await (const line of lines) {
      sum.update(`${line}\n`);
      await file.write(`${line}\n`);
      count += 1;
    }
    await file.write(`${JSON.stringify({ lines: count, sha256: sum.digest('hex') })}\n`);
    await file.sync();
    return { lines: count };
  } catch (error) {
    await unlink(path);
    throw error;
  } finally {
    await file.close();
  }
}
