/** `usher jobs`: acts on many access tokens, and shows what was done. */

import type { Command } from 'commander';
import { Option } from 'commander';
import { cancelJob, getJob, jobFailures, listJobs } from '../api/jobs.ts';
import { type Context, connect, optionsOf } from './context.ts';
import { UsageError } from './exit-codes.ts';
import { foundJob } from './found-id.ts';
import { outJob, outJobs } from './job-output.ts';
import { addRunOptions, type RunOptions, runJob } from './job-run.ts';
import { type SecretsTarget, writeSecrets } from './job-secrets.ts';
import { addSelectionOptions } from './job-selection.ts';
import { count, durationSeconds, listedId, time, word } from './option-values.ts';
import { outJson, outTable } from './terminal.ts';

/** Adds the commands. `exit` takes the exit code of a job that did not do everything. */
export function addJobsCommands(
  program: Command,
  context: Context,
  exit: (code: number) => void,
): void {
  const jobs = program
    .command('jobs')
    .description('act on many access tokens: revoke, rotate, set expiry or owner');
  addActs(jobs, context, exit);
  addList(jobs, context);
  addShow(jobs, context);
  addCancel(jobs, context);
  addFailures(jobs, context);
  addSecrets(jobs, context);
}

const grace = () =>
  new Option('--grace <duration>', 'how long the previous ones stay valid, up to 30d')
    .argParser(durationSeconds)
    .default(0, '0s');

function addActs(jobs: Command, context: Context, exit: (code: number) => void): void {
  const add = (name: string, text: string) =>
    addRunOptions(addSelectionOptions(jobs.command(name).description(text)));
  add('revoke', 'revoke them permanently')
    .option('--reason <text>', 'why, for people and the audit log', '')
    .action(async (_, self: Command) => {
      const options = optionsOf<RunOptions & { reason: string }>(self);
      exit(await runJob(context, { kind: 'revoke', reason: options.reason }, options));
    });
  add('rotate', 'issue new tokens and secrets, which are written to a file')
    .addOption(grace())
    .option('--secrets <file>', 'a new file for them: CSV, or JSON Lines if it ends with .jsonl')
    .action(async (_, self: Command) => {
      const options = optionsOf<RunOptions & { grace: number }>(self);
      exit(await runJob(context, { kind: 'rotate', graceSeconds: options.grace }, options));
    });
  add('set-expiry', 'change when they expire')
    .option('--expires-in <duration>', 'from now on', durationSeconds)
    .option('--expires-at <time>', 'a time such as 2026-02-22T03:54:51Z', time)
    .option('--never', 'they never expire')
    .action(async (_, self: Command) => {
      const options = optionsOf<RunOptions & ExpiryOptions>(self);
      exit(
        await runJob(
          context,
          { kind: 'set-expiry', expiresAt: expiryOf(context, options) },
          options,
        ),
      );
    });
  add('set-owner', 'give them another owner')
    .requiredOption('--to <owner>', 'the new owner; "" for none')
    .action(async (_, self: Command) => {
      const options = optionsOf<RunOptions & { to: string }>(self);
      exit(await runJob(context, { kind: 'set-owner', owner: options.to }, options));
    });
}

interface ExpiryOptions {
  expiresIn?: number;
  expiresAt?: Date;
  never?: true;
}

function expiryOf(context: Context, { expiresIn, expiresAt, never }: ExpiryOptions) {
  const given = [expiresIn, expiresAt, never].filter(each => each !== undefined);
  if (given.length !== 1) {
    throw new UsageError('give one of --expires-in, --expires-at and --never');
  }
  return expiresIn === undefined ? expiresAt : new Date(context.now() + expiresIn * 1000);
}

function addList(jobs: Command, context: Context): void {
  jobs
    .command('list')
    .description('list jobs, newest first')
    .option('--limit <count>', 'how many at most', count(1), 50)
    .action(async (_, self: Command) => {
      const options = optionsOf<{ limit: number }>(self);
      const found = [];
      for await (const job of listJobs(connect(context, options))) {
        if (found.push(job) === options.limit) break;
      }
      if (options.json) outJson(context.terminal, { jobs: found });
      else outJobs(context.terminal, found);
    });
}

function addShow(jobs: Command, context: Context): void {
  jobs
    .command('show')
    .description('show a job and its progress')
    .argument('<id>', 'UUID, or its first characters', listedId)
    .action(async (given: string, _, self: Command) => {
      const options = optionsOf(self);
      const admin = connect(context, options);
      outJob(context.terminal, await getJob(admin, await foundJob(admin, given)), options.json);
    });
}

function addCancel(jobs: Command, context: Context): void {
  jobs
    .command('cancel')
    .description('end a job before its next act; what it did stays done')
    .argument('<id>', 'UUID, or its first characters', listedId)
    .action(async (given: string, _, self: Command) => {
      const options = optionsOf(self);
      const admin = connect(context, options);
      outJob(context.terminal, await cancelJob(admin, await foundJob(admin, given)), options.json);
    });
}

function addFailures(jobs: Command, context: Context): void {
  jobs
    .command('failures')
    .description('list what a job could not change, and why')
    .argument('<id>', 'UUID, or its first characters', listedId)
    .action(async (given: string, _, self: Command) => {
      const options = optionsOf(self);
      const admin = connect(context, options);
      const id = await foundJob(admin, given);
      const failures = await Array.fromAsync(jobFailures(admin, id));
      if (options.json) outJson(context.terminal, { failures });
      else {
        const rows = failures.map(({ tokenId, reason }) => [tokenId, reason]);
        outTable(context.terminal, ['ACCESS TOKEN', 'WHY'], rows);
      }
    });
}

function addSecrets(jobs: Command, context: Context): void {
  jobs
    .command('secrets')
    .description('write the new tokens and secrets of a job; with --out, the server forgets them')
    .argument('<id>', 'UUID, or its first characters', listedId)
    .option('--out <file>', 'a new file, instead of the standard output')
    .option('--format <format>', 'csv or jsonl', word(['csv', 'jsonl']))
    .option('--keep', 'the server keeps them, for an hour after the end of the job')
    .action(async (given: string, _, self: Command) => {
      const options = optionsOf<SecretsTarget>(self);
      const admin = connect(context, options);
      await writeSecrets(context, admin, await foundJob(admin, given), {
        ...options,
        ...(options.json && { format: 'jsonl' }),
      });
    });
}
