/** Runs a job: has it counted, asks before it starts, and shows its progress. */

import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Admin } from '../api/connect.ts';
import { cancelJob, createJob, getJob, type Job, type JobAct, startJob } from '../api/jobs.ts';
import { type Context, connect, type GlobalOptions } from './context.ts';
import { exitCodes, UsageError } from './exit-codes.ts';
import { outJob, outProgress, sayAct } from './job-output.ts';
import { writeSecrets } from './job-secrets.ts';
import { type SelectionOptions, selectionOf } from './job-selection.ts';
import { uuid } from './option-values.ts';
import { outJson } from './terminal.ts';

/** Options of a command that runs a job. */
export interface RunOptions extends GlobalOptions, SelectionOptions {
  yes?: true;
  wait: boolean;
  requestId?: string;
  /** A new file for new tokens and secrets. */
  secrets?: string;
}

/** How often the progress is read, in milliseconds. */
const lookMs = 500;

/** Adds the options that all such commands have. */
export function addRunOptions(command: Command): Command {
  return command
    .option('--yes', 'do not ask before it starts')
    .option('--no-wait', 'do not wait for its end')
    .option('--request-id <uuid>', 'repeat a command whose outcome is not known', uuid);
}

/** Runs a job; resolves to the exit code: 0 when nothing failed. */
export async function runJob(context: Context, act: JobAct, options: RunOptions): Promise<number> {
  const { terminal } = context;
  const isAsked = context.stdin.isTTY === true && terminal.notesRich && !options.json;
  if (!options.yes && (!isAsked || options.idsFrom === '-')) {
    throw new UsageError('there is no terminal to ask whether to go on: give --yes to do without');
  }
  const selection = await selectionOf(context, options);
  const admin = connect(context, options);
  const made = await createJob(admin, act, selection, options.requestId ?? randomUUID());
  const counted = await follow(context, admin, made, options, job => job.state !== 'counting');
  if (counted.state === 'ready') {
    if (counted.count === 0) {
      await cancelJob(admin, counted.id);
      if (options.json) outJson(terminal, counted);
      else terminal.out(`no access token is selected${sayLeftOut(counted)}`);
      return exitCodes.ok;
    }
    if (!options.yes && !(await isConfirmed(context, act, counted))) {
      await cancelJob(admin, counted.id);
      terminal.note('nothing was changed');
      return exitCodes.refused;
    }
    await startJob(admin, counted.id, counted.count);
  }
  if (!options.wait) {
    outJob(terminal, await getJob(admin, counted.id), options.json);
    return exitCodes.ok;
  }
  const ended = await follow(context, admin, counted, options, isOver);
  outJob(terminal, ended, options.json);
  if (ended.secrets > 0) await saveSecrets(context, admin, ended, options);
  return ended.state === 'done' && ended.failed === 0 ? exitCodes.ok : exitCodes.refused;
}

/** Reads a job, and shows it, until it is as `isIt` wants it. */
async function follow(
  { terminal }: Context,
  admin: Admin,
  first: Job,
  { json }: GlobalOptions,
  isIt: (job: Job) => boolean,
): Promise<Job> {
  let job = first;
  let shown = '';
  for (;;) {
    const told = JSON.stringify([job.state, job.examined, job.done, job.failed]);
    if (told !== shown && json && !isIt(job)) outJson(terminal, job);
    else if (told !== shown && !json) outProgress(terminal, job);
    shown = told;
    if (isIt(job)) return job;
    await pause(lookMs);
    job = await getJob(admin, job.id);
  }
}

function isOver({ state }: Job): boolean {
  return state === 'done' || state === 'canceled' || state === 'failed';
}

/** Asks for the count, so that a habit of answering "y" confirms nothing. */
async function isConfirmed({ stdin, terminal }: Context, act: JobAct, job: Job): Promise<boolean> {
  terminal.note(`${sayAct(act)} ${job.count} access tokens${sayLeftOut(job)}.`);
  if (act.kind === 'revoke') terminal.note('A revocation cannot be undone.');
  terminal.note(`To go on, enter ${job.count}:`);
  const lines = createInterface({ input: stdin, terminal: false });
  const answer = await new Promise<string>(resolve => {
    lines.once('line', resolve);
    lines.once('close', () => resolve(''));
  }).finally(() => lines.close());
  return answer.trim() === String(job.count);
}

function sayLeftOut({ leftOut }: Job): string {
  return leftOut === 0 ? '' : `; ${leftOut} are left out, as they are revoked or do not exist`;
}

async function saveSecrets(
  context: Context,
  admin: Admin,
  { id, secrets, secretsExpireTime }: Job,
  options: RunOptions,
): Promise<void> {
  if (options.secrets !== undefined) {
    await writeSecrets(context, admin, id, { out: options.secrets });
    return;
  }
  context.terminal.note(
    `${secrets} new tokens and secrets can be read until ${secretsExpireTime}: ` +
      `usher jobs secrets ${id} --out <file>`,
  );
}
