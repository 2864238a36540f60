/** What a job is: one act on many access tokens. Times are in milliseconds since 1970. */

import type { JsonObject } from '../../store/record.ts';
import type { ListQuery } from '../list/query.ts';

/** What a job does with each access token. */
export type JobAct =
  | { kind: 'revoke'; reason: string }
  | { kind: 'rotate'; graceSeconds: number }
  /** Without `expiresAt`: it never expires. */
  | { kind: 'expiry'; expiresAt?: number }
  /** Without `owner`: it has none. */
  | { kind: 'owner'; owner?: string };

/** Which access tokens a job is about. */
export type JobSelection =
  | { kind: 'ids'; ids: readonly string[] }
  /** `shown` is the filter as the job shows it, which the jobs do not read. */
  | { kind: 'filter'; query: ListQuery; shown: JsonObject }
  | { kind: 'owner'; owner: string };

/** The same as a job shows it: without ids, and without a text, which may hold anything. */
export type ShownSelection =
  | { kind: 'ids' }
  | { kind: 'filter'; shown: JsonObject }
  | { kind: 'owner'; owner: string };

/** How far a job is; the last three are its end. */
type JobState = 'counting' | 'ready' | 'running' | 'done' | 'canceled' | 'failed';

/** Who did something to a job. */
export interface JobCaller {
  /** As AuditEvent.actor. */
  actor: string;
  /** What people call it. */
  name: string;
  /** As AuditEvent.peer. */
  peer: string;
}

/** A job as the store has it. Its access tokens are in documents of their own: see book.ts. */
export interface Job {
  /** UUID. */
  id: string;
  creator: JobCaller;
  /** When the creator's credential was checked. */
  letInAt: number;
  act: JobAct;
  selection: ShownSelection;
  /** What is still to be selected; absent once it is counted. */
  query?: ListQuery;
  /** The owner whom each access token must still have when the job acts on it; absent for any. */
  ownerMustBe?: string;
  state: JobState;
  /** By the log's clock: what was made or rotated later is left alone. */
  createdAt: number;
  /** The job waits for its start until then. */
  startBefore: number;
  /** Whether it starts as soon as it is counted. */
  startsAtOnce: boolean;
  startedAt?: number;
  endedAt?: number;
  /** Names the documents of the selection: each attempt to count writes its own. */
  attempt: string;
  /** How many documents the selection has. */
  chunks: number;
  examined: number;
  count: number;
  leftOut: number;
  /** The chunk under way. */
  next: number;
  /** Of all chunks before it. */
  done: number;
  failed: number;
  /** Reasons with their counts. */
  failures: [reason: string, count: number][];
  /** Of the chunk under way, to be shown. */
  underway: { done: number; failed: number };
  /** New secrets that can be read. */
  secrets: number;
  /** Until when; absent while the job runs. */
  secretsUntil?: number;
  cancel?: JobCaller;
  /** Why it ended early; also set while it still ends. */
  endReason?: string;
  /** The process that works on it. */
  lease?: { by: string; until: number };
  requestId: string;
}

/** Whether a job has ended. */
export function hasEnded({ state }: Pick<Job, 'state'>): boolean {
  return state === 'done' || state === 'canceled' || state === 'failed';
}

/** What an act did to one access token. */
export type Outcome =
  | { id: string; failure: string }
  | { id: string; failure?: undefined; secret?: NewSecret };

/** A new token or secret, with what its access token is called. */
export interface NewSecret {
  tokenId: string;
  name: string;
  /** "" for none. */
  owner: string;
  kind: 'static' | 'jwt';
  secret: string;
}
