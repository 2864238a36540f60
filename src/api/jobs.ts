/** Jobs, which act on many access tokens, in plain values. */

import type { MessageInitShape } from '@bufbuild/protobuf';
import { durationFromMs, timestampDate, timestampFromDate } from '@bufbuild/protobuf/wkt';
import { Kind } from '../gen/usher/v1/access_token_pb.ts';
import {
  type CreateJobRequestSchema,
  type Job as JobMessage,
  JobState as State,
} from '../gen/usher/v1/jobs_pb.ts';
import { type Admin, call } from './connect.ts';
import { type ListFilter, listRequest } from './list-tokens.ts';

/** What a job does with each access token. */
export type JobAct =
  | { kind: 'revoke'; reason: string }
  | { kind: 'rotate'; graceSeconds: number }
  /** Absent for never. */
  | { kind: 'set-expiry'; expiresAt: Date | undefined }
  /** "" for none. */
  | { kind: 'set-owner'; owner: string };

/** Which access tokens a job is about. */
export type JobSelection = { ids: string[] } | { owner: string } | { filter: ListFilter };

/** How far a job is. */
type JobState = 'counting' | 'ready' | 'running' | 'done' | 'canceled' | 'failed';

/** A job; see Job in jobs.proto. Times are RFC 3339. */
export interface Job {
  id: string;
  act: JobAct['kind'];
  state: JobState;
  /** The owner whose access tokens it is about; absent for others. */
  owner?: string;
  actor: string;
  createTime?: string;
  startTime?: string;
  endTime?: string;
  examined: number;
  count: number;
  leftOut: number;
  done: number;
  failed: number;
  failures: { reason: string; count: number }[];
  endReason?: string;
  /** New tokens and secrets that can be read, and until when. */
  secrets: number;
  secretsExpireTime?: string;
}

/** A new token or secret of a job. */
export interface JobSecret {
  tokenId: string;
  name: string;
  owner: string;
  kind: 'static' | 'jwt';
  secret: string;
}

/** Creates a job, which the server counts. */
export async function createJob(
  { jobs }: Admin,
  act: JobAct,
  selection: JobSelection,
  requestId: string,
): Promise<Job> {
  const request = { act: actOf(act), selection: selectionOf(selection), requestId };
  return jobOf((await call(() => jobs.createJob(request))).job);
}

/** Starts a counted job. */
export async function startJob({ jobs }: Admin, id: string, count: number): Promise<Job> {
  return jobOf((await call(() => jobs.startJob({ id, count }))).job);
}

/** Reads a job. */
export async function getJob({ jobs }: Admin, id: string): Promise<Job> {
  return jobOf((await call(() => jobs.getJob({ id }))).job);
}

/** Ends a job before its next act. */
export async function cancelJob({ jobs }: Admin, id: string): Promise<Job> {
  return jobOf((await call(() => jobs.cancelJob({ id }))).job);
}

/** Reads jobs, newest first. */
export async function* listJobs({ jobs }: Admin): AsyncGenerator<Job> {
  yield* pages(async pageToken => {
    const page = await call(() => jobs.listJobs({ pageToken }));
    return { entries: page.jobs.map(jobOf), next: page.nextPageToken };
  });
}

/** Reads what a job could not change, and why. */
export async function* jobFailures(
  { jobs }: Admin,
  id: string,
): AsyncGenerator<{ tokenId: string; reason: string }> {
  yield* pages(async pageToken => {
    const page = await call(() => jobs.listJobFailures({ id, pageToken }));
    const entries = page.failures.map(({ tokenId, reason }) => ({ tokenId, reason }));
    return { entries, next: page.nextPageToken };
  });
}

/** Reads the new tokens and secrets of a job. */
export async function* jobSecrets({ jobs }: Admin, id: string): AsyncGenerator<JobSecret> {
  yield* pages(async pageToken => {
    const page = await call(() => jobs.readJobSecrets({ id, pageToken }));
    const entries = page.secrets.map(({ tokenId, name, owner, kind, secret }): JobSecret => {
      return { tokenId, name, owner, kind: kind === Kind.JWT ? 'jwt' : 'static', secret };
    });
    return { entries, next: page.nextPageToken };
  });
}

/** Removes the new tokens and secrets of a job from the server. */
export async function forgetJobSecrets({ jobs }: Admin, id: string): Promise<Job> {
  return jobOf((await call(() => jobs.forgetJobSecrets({ id }))).job);
}

async function* pages<T>(
  read: (pageToken: string) => Promise<{ entries: T[]; next: string }>,
): AsyncGenerator<T> {
  let pageToken = '';
  do {
    const page = await read(pageToken);
    yield* page.entries;
    pageToken = page.next;
  } while (pageToken !== '');
}

type Request = MessageInitShape<typeof CreateJobRequestSchema>;

function actOf(act: JobAct): NonNullable<Request['act']> {
  switch (act.kind) {
    case 'revoke':
      return { act: { case: 'revoke', value: { reason: act.reason } } };
    case 'rotate':
      return { act: { case: 'rotate', value: { grace: durationFromMs(act.graceSeconds * 1000) } } };
    case 'set-expiry': {
      const value = act.expiresAt ? { expireTime: timestampFromDate(act.expiresAt) } : {};
      return { act: { case: 'setExpiry', value } };
    }
    default:
      return { act: { case: 'setOwner', value: { owner: act.owner } } };
  }
}

function selectionOf(selection: JobSelection): NonNullable<Request['selection']> {
  if ('ids' in selection) {
    return { selection: { case: 'ids', value: { ids: selection.ids } } };
  }
  if ('owner' in selection) return { selection: { case: 'owner', value: selection.owner } };
  return { selection: { case: 'filter', value: listRequest(selection.filter) } };
}

const states: Record<State, JobState> = {
  [State.UNSPECIFIED]: 'counting',
  [State.COUNTING]: 'counting',
  [State.READY]: 'ready',
  [State.RUNNING]: 'running',
  [State.DONE]: 'done',
  [State.CANCELED]: 'canceled',
  [State.FAILED]: 'failed',
};

const acts = {
  revoke: 'revoke',
  rotate: 'rotate',
  setExpiry: 'set-expiry',
  setOwner: 'set-owner',
} as const;

function jobOf(message: JobMessage | undefined): Job {
  if (message === undefined) throw new Error('the answer has no job');
  const { id, actor, actorName, examined, count, leftOut, done, failed, secrets } = message;
  const { createTime, startTime, endTime, secretsExpireTime, endReason } = message;
  const selection = message.selection?.selection;
  const times = { createTime, startTime, endTime, secretsExpireTime };
  const told = Object.entries(times).flatMap(([name, time]) =>
    time === undefined ? [] : [[name, timestampDate(time).toISOString()]],
  );
  return {
    ...{ id, act: acts[message.act?.act.case ?? 'revoke'], state: states[message.state] },
    ...(selection?.case === 'owner' && { owner: selection.value }),
    actor: actorName || actor,
    ...Object.fromEntries(told),
    ...{ examined, count, leftOut, done, failed },
    failures: message.failures.map(({ reason, count: of }) => ({ reason, count: of })),
    ...(endReason !== '' && { endReason }),
    secrets,
  };
}
