/** `usher token import`: imports tokens and jwt secrets of other systems from JSON Lines. */

import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import { type Admin, AdminError } from '../api/connect.ts';
import type { ImportItem, ImportOptions, ImportResult } from '../api/import.ts';
import { importItemsMax, importTokens } from '../api/import.ts';
import { linesOf } from '../reading/lines.ts';
import type { Context } from './context.ts';
import { connect, optionsOf } from './context.ts';
import { exitCodes, UsageError } from './exit-codes.ts';
import { checkImported } from './import-check.ts';
import { LineError, problemInLine, readLine } from './import-line.ts';
import { outJson } from './terminal.ts';

/** Every server accepts this much in one call: USHER_MESSAGE_BYTES_MAX is at least 64 KiB. */
const batchBytesMax = 48 * 1024;
/** Longest line: the longest possible token with its fields. Such a line is a call of its own. */
const lineBytesMax = 96 * 1024;
const progressStep = 5000;
/** Pauses before retries of a call whose outcome is unknown. */
const retryPausesMs = [200, 1000, 3000];

/** The results of a file: counts, and the refused lines. */
interface Tally {
  imported: number;
  existing: number;
  refused: number;
  /** With --check: those that were imported or there, and verified as valid. */
  verified?: number;
  problems: { line: number; problem: string }[];
}

/** How to import, and whether to verify what was imported. */
type Choice = ImportOptions & { check: boolean };

interface Line {
  number: number;
  item: ImportItem;
}

/** Adds the command. It calls `exit` with 1 if a line was refused. */
export function addImport(token: Command, context: Context, exit: (code: number) => void): void {
  token
    .command('import')
    .description('import tokens and jwt secrets from JSON Lines; exit code 1 if any is refused')
    .argument('[file]', 'the file; - or nothing reads the standard input', '-')
    .option('--dry-run', 'only report what would be done')
    .option('--check', 'verify each one afterwards, except those of which only the hash is known')
    .option('--allow-weak', 'also import tokens of fewer than 20 characters, which can be guessed')
    .addHelpText('after', help)
    .action(async (path: string, _, self: Command) => {
      const options = optionsOf<{ dryRun?: true; allowWeak?: true; check?: true }>(self);
      const { dryRun = false, allowWeak = false, check = false } = options;
      if (dryRun && check)
        throw new UsageError('--dry-run imports nothing that --check can verify');
      const how = { dryRun, allowWeak, check };
      const tally = await importFile(context, connect(context, options), path, how);
      if (options.json) outJson(context.terminal, { ...tally, dryRun: how.dryRun });
      else outTally(context, tally, how);
      exit(tally.problems.length > 0 ? exitCodes.refused : exitCodes.ok);
    });
}

const help = `
Each line is a JSON object with a name, and one of: the token; the SHA-256 or SHA-512 of the whole token
in hexadecimal or base64; the secret that signs JWTs, as text or base64, with their kid as id. Optional
are owner, scopes, metadata, expires_at, allowed_sources, rate_limit and quota; for tokens grantable_scopes
and id; for secrets audiences and jwt_lifetime_max:

  {"token": "sk_live_…", "name": "billing", "owner": "acme", "scopes": ["orders:read"]}
  {"sha256": "9f86d0…", "name": "mail", "expires_at": "2027-01-01T00:00:00Z"}
  {"token": "sk_test_…", "name": "ci", "allowed_sources": ["192.0.2.0/24"], "rate_limit": "100/1m"}
  {"kind": "jwt", "id": "0198c0de-…", "secret_base64": "q83v…", "name": "app"}

A token may be any printable ASCII without comma, quote and backslash. It may be no JWT: import the
secret that signs those. Usher cannot check the token behind a hash: hash only tokens of this form.
A token that was imported before is left unchanged: an interrupted import can be repeated.`;

async function importFile(
  context: Context,
  admin: Admin,
  path: string,
  { check, ...options }: Choice,
): Promise<Tally> {
  const tally: Tally = { imported: 0, existing: 0, refused: 0, problems: [] };
  if (check) tally.verified = 0;
  const report = (line: number, problem: string) => {
    tally.problems.push({ line, problem });
    context.terminal.note(`line ${line}: ${problem}`);
  };
  const refuse = (line: number, problem: string) => {
    tally.refused += 1;
    report(line, problem);
  };
  let shown = progressStep;
  const settle = async (batch: Line[], results: ImportResult[]) => {
    const there: Line[] = [];
    for (const [n, { outcome, problem }] of results.entries()) {
      const line = batch[n] as Line;
      if (outcome === 'refused') refuse(line.number, problemInLine(problem, line.item));
      else {
        tally[outcome] += 1;
        there.push(line);
      }
    }
    if (check) await verifyAll(there);
    const done = tally.imported + tally.existing + tally.refused;
    if (!context.terminal.notesRich || done < shown) return;
    context.terminal.note(`${done} tokens …`);
    shown = done - (done % progressStep) + progressStep;
  };

  const verifyAll = async (lines: Line[]) => {
    const items = lines.map(({ item }) => item);
    const problems = await checkImported(admin, items, context.now());
    for (const [n, problem] of problems.entries()) {
      if (problem === '') tally.verified = (tally.verified ?? 0) + 1;
      else if (problem !== undefined) report(lines[n]?.number ?? 0, problem);
    }
  };

  try {
    // The next batch is read while the previous one is in progress.
    let underway = Promise.resolve();
    for await (const batch of batches(context, path, refuse)) {
      await underway;
      const items = batch.map(({ item }) => item);
      underway = send(admin, items, options).then(results => settle(batch, results));
      underway.catch(() => undefined);
    }
    await underway;
  } catch (error) {
    const { imported, existing } = tally;
    // Where the file cannot be read at all, repeating does not help.
    if (imported + existing > 0 || !(error instanceof UsageError)) {
      context.terminal.note(
        `interrupted: ${imported} imported, ${existing} already there; repeat it`,
      );
    }
    throw error;
  }
  return tally;
}

/** Retries under the same request id while the outcome is unknown. */
async function send(admin: Admin, items: ImportItem[], options: ImportOptions) {
  const requestId = randomUUID();
  for (const pauseMs of retryPausesMs) {
    try {
      return await importTokens(admin, items, options, requestId);
    } catch (error) {
      const unknown = error instanceof AdminError && /^(Unavailable|Deadline)/.test(error.code);
      if (!unknown) throw error;
      await pause(pauseMs);
    }
  }
  return await importTokens(admin, items, options, requestId);
}

async function* batches(
  { stdin }: Context,
  path: string,
  refuse: (line: number, problem: string) => void,
): AsyncGenerator<Line[]> {
  const input = path === '-' ? stdin : createReadStream(path);
  let number = 0;
  let batch: Line[] = [];
  let bytes = 0;
  try {
    for await (const text of linesOf(input)) {
      number += 1;
      if (text.trim() === '') continue;
      const item = readItem(text, problem => refuse(number, problem));
      if (item === undefined) continue;
      const size = Buffer.byteLength(text);
      const isFull = batch.length === importItemsMax || bytes + size > batchBytesMax;
      if (isFull && batch.length > 0) {
        yield batch;
        batch = [];
        bytes = 0;
      }
      batch.push({ number, item });
      bytes += size;
    }
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error instanceof AdminError) throw error;
    throw new UsageError(`${path} cannot be read (${error.code})`);
  }
  if (batch.length > 0) yield batch;
}

function readItem(text: string, refuse: (problem: string) => void): ImportItem | undefined {
  try {
    if (Buffer.byteLength(text) > lineBytesMax) {
      throw new LineError(`is longer than ${lineBytesMax} bytes`);
    }
    return readLine(text);
  } catch (error) {
    if (!(error instanceof LineError)) throw error;
    refuse(error.message);
    return undefined;
  }
}

function outTally({ terminal }: Context, tally: Tally, { dryRun }: ImportOptions): void {
  const { imported, existing, refused, verified } = tally;
  const would = dryRun ? 'would be ' : '';
  const { green, red } = terminal.colors;
  terminal.out(green(`${imported} ${would}imported, ${existing} already there`));
  if (verified !== undefined) terminal.out(`${verified} verified`);
  if (refused > 0) terminal.out(red(`${refused} ${would}refused`));
}
