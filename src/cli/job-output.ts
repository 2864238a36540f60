/** Prints jobs. */

import type { Job, JobAct } from '../api/jobs.ts';
import { outJson, outTable, outValues, type Terminal } from './terminal.ts';

const acts: Record<JobAct['kind'], string> = {
  revoke: 'revoke',
  rotate: 'rotate',
  'set-expiry': 'set the expiry of',
  'set-owner': 'set the owner of',
};

/** What an act does, as the beginning of a sentence. */
export function sayAct({ kind }: Pick<JobAct, 'kind'>): string {
  const words = acts[kind];
  return `${words[0]?.toUpperCase()}${words.slice(1)}`;
}

/** Prints a job. */
export function outJob(terminal: Terminal, job: Job, json?: true): void {
  if (json) {
    outJson(terminal, job);
    return;
  }
  const left = job.count - job.done - job.failed;
  outValues(terminal, [
    ['job', job.id],
    ['act', acts[job.act]],
    ['owner', job.owner],
    ['state', job.state],
    ['by', job.actor],
    ['access tokens', String(job.count)],
    ['done', String(job.done)],
    ['failed', String(job.failed)],
    ['left', String(left)],
    ['why', job.endReason],
    ['created', job.createTime],
    ['ended', job.endTime],
    ['secrets', job.secrets === 0 ? '' : `${job.secrets}, until ${job.secretsExpireTime ?? ''}`],
  ]);
  for (const { reason, count } of job.failures) terminal.note(`${count} failed: ${reason}`);
}

/** Prints jobs as a table. */
export function outJobs(terminal: Terminal, jobs: readonly Job[]): void {
  const rows = jobs.map(job => [
    ...[job.id, acts[job.act], job.owner ?? '-', job.state, String(job.count)],
    ...[String(job.done), String(job.failed), job.createTime ?? '', job.actor],
  ]);
  const head = ['ID', 'ACT', 'OWNER', 'STATE', 'COUNT', 'DONE', 'FAILED', 'CREATED', 'BY'];
  outTable(terminal, head, rows);
}

const barWidth = 24;

/** Shows the progress of a job to people, as a bar on one line each time. */
export function outProgress(terminal: Terminal, job: Job): void {
  if (!terminal.notesRich) return;
  if (job.state === 'counting') terminal.note(`searched ${job.examined}, ${job.count} found …`);
  if (job.state !== 'running' || job.count === 0) return;
  const over = (job.done + job.failed) / job.count;
  const full = Math.floor(over * barWidth);
  const bar = `${'#'.repeat(full)}${'.'.repeat(barWidth - full)}`;
  const failed = job.failed === 0 ? '' : `, ${job.failed} failed`;
  terminal.note(`[${bar}] ${job.done} of ${job.count}${failed}`);
}
