/** The operations on jobs that the API Manager offers. Times are in milliseconds since 1970. */

import { hash } from 'node:crypto';
import { v7 } from 'uuid';
import type { Store } from '../../store/store.ts';
import type { MasterKeys } from '../../verify/master-keys.ts';
import { type Caller, demand, isVisible, readScope, writeScope } from '../caller.ts';
import { TokenError } from '../errors.ts';
import { Faults } from '../faults.ts';
import { checkPageSize, checkUuid, invalid } from '../fields.ts';
import { pageTokens } from '../page-token.ts';
import type { Failure, JobBook, Written } from './book.ts';
import { forgetSecrets } from './change-job.ts';
import { allowedAct, checkJob, type NewJob } from './check-job.ts';
import { jobEvent } from './event.ts';
import { hasEnded, type Job, type NewSecret } from './job.ts';
import type { JobLimits } from './limits.ts';
import { makeJob } from './new-job.ts';

/** A page of what a job holds. */
interface JobPage<T> {
  entries: T[];
  /** "" at the end. */
  nextPageToken: string;
}

/** The operations. Each checks the caller's rights, and throws TokenError or Unavailable. */
export interface Jobs {
  /** Creates a job, which is then counted. A repeat with the same request id creates no other. */
  create(caller: Caller, job: NewJob): Promise<Job>;
  /** Starts a counted job, whose count is `count`. */
  start(caller: Caller, id: string, count: number): Promise<Job>;
  /** Reads a job. */
  get(caller: Caller, id: string): Promise<Job>;
  /** Reads a page of jobs, newest first. A page can be short when more follow. */
  list(caller: Caller, page: { pageSize: number; pageToken: string }): Promise<JobPage<Job>>;
  /** Ends a job before its next act. */
  cancel(caller: Caller, id: string): Promise<Job>;
  /** Reads what a job could not change, of the access tokens that the caller sees. */
  failures(caller: Caller, id: string, pageToken: string): Promise<JobPage<Failure>>;
  /** Reads the new secrets of a job that has ended, in the same way. */
  secrets(caller: Caller, id: string, pageToken: string): Promise<JobPage<NewSecret>>;
  /** Removes them. */
  forget(caller: Caller, id: string): Promise<Job>;
}

/** What they need. */
export interface JobsDeps {
  book: JobBook;
  store: Pick<Store, 'get' | 'head' | 'append'>;
  keys: MasterKeys;
  limits: JobLimits;
  /** Milliseconds since 1970. */
  now: () => number;
  /** Called when there is something to do for a job. */
  wake: () => void;
}

const pageSizes = { default: 50, max: 200 } as const;
/** Chunks that a page of failures, or of secrets, reads. */
const chunksPerPage = { failures: 25, secrets: 5 } as const;

/** Creates them. */
export function createJobs(deps: JobsDeps): Jobs {
  const { book, store, keys, limits, now, wake } = deps;

  /** A job that the caller may see: its own, or any for callers that see all owners. */
  const find = async (caller: Caller, id: string): Promise<Written> => {
    const found = await book.read(checkUuid('id', id));
    if (found === undefined || !maySee(caller, found.job)) {
      throw new TokenError('NOT_FOUND', `there is no job with id ${JSON.stringify(id)}`);
    }
    return found;
  };
  const findOwn = async (caller: Caller, id: string): Promise<Written> => {
    const found = await find(caller, id);
    if (found.job.creator.actor === caller.actor) return found;
    throw new TokenError('PERMISSION_DENIED', 'only the caller that created the job may do this');
  };
  /** Those whose access token the caller sees: it may have lost the owner since, or the token may have moved. */
  const seenOf = async <T>(caller: Caller, found: T[], idOf: (each: T) => string): Promise<T[]> => {
    if (caller.owners === undefined) return found;
    const records = await Promise.all(found.map(async each => await store.get(idOf(each))));
    return found.filter((_, at) => {
      const record = records[at];
      return record !== undefined && isVisible(caller, record);
    });
  };
  /** Starts a counted job; undefined when it has changed since it was read. */
  const begin = async (found: Written): Promise<Job | undefined> => {
    const started: Job = { ...found.job, state: 'running', startedAt: now() };
    const event = jobEvent('job.start', started, started.creator, now());
    return (await book.write(found, started, event))?.job;
  };

  return {
    async create(caller, asked) {
      demand(caller, writeScope);
      checkJob(asked, limits.idsMax, now());
      const act = allowedAct(caller, asked.act);
      const id = await claimId(caller, asked);
      const existing = await book.read(id);
      if (existing !== undefined) return await startAtOnce(existing.job);
      if ((await book.open(limits.openMax)).length >= limits.openMax) {
        const text = `there are ${limits.openMax} unfinished jobs; wait for some, or cancel them`;
        throw new TokenError('RESOURCE_EXHAUSTED', text);
      }
      const job = await makeJob(deps, caller, { ...asked, act }, id);
      await book.setOpen(id, true);
      await book.create(job);
      const made = await startAtOnce(job);
      wake();
      return made;
    },

    async start(caller, id, count) {
      demand(caller, writeScope);
      for (;;) {
        const found = await findOwn(caller, id);
        const { job } = found;
        if (job.startedAt !== undefined) return job;
        checkStart(job, count, now());
        const started = await begin(found);
        if (started === undefined) continue;
        wake();
        return started;
      }
    },

    async get(caller, id) {
      demand(caller, readScope);
      return (await find(caller, id)).job;
    },

    async list(caller, { pageSize, pageToken }) {
      demand(caller, readScope);
      const tokens = pageTokens(keys, caller, { rpc: 'ListJobs', query: [] });
      const faults = new Faults();
      faults.read(() => checkPageSize(pageSize, pageSizes.max));
      const after = faults.read(() => tokens.read(pageToken));
      faults.end();
      const page = await book.list(after, pageSize || pageSizes.default);
      const entries = page.jobs.filter(job => maySee(caller, job));
      return { entries, nextPageToken: tokens.write(page.last) };
    },

    async cancel(caller, id) {
      demand(caller, writeScope);
      for (;;) {
        const found = await find(caller, id);
        const { job } = found;
        if (hasEnded(job) || job.cancel !== undefined) return job;
        const cancel = { actor: caller.actor, name: caller.name, peer: caller.peer };
        const written = await book.write(found, { ...job, cancel });
        if (written === undefined) continue;
        wake();
        return written.job;
      }
    },

    async failures(caller, id, pageToken) {
      demand(caller, readScope);
      const tokens = pageTokens(keys, caller, { rpc: 'ListJobFailures', query: [id] });
      const from = readPlace(id, () => tokens.read(pageToken));
      const { job } = await find(caller, id);
      const to = Math.min(from + chunksPerPage.failures, job.next);
      const entries: Failure[] = [];
      if (job.failed === 0) return { entries, nextPageToken: '' };
      for (let n = from; n < to; n++) {
        entries.push(...(await seenOf(caller, await book.failures(job, n), ([id]) => id)));
      }
      return { entries, nextPageToken: tokens.write(to < job.next ? String(to) : undefined) };
    },

    async secrets(caller, id, pageToken) {
      demand(caller, writeScope);
      const tokens = pageTokens(keys, caller, { rpc: 'ReadJobSecrets', query: [id] });
      const from = readPlace(id, () => tokens.read(pageToken));
      const { job } = await findOwn(caller, id);
      checkSecrets(job, now());
      if (from === 0) await store.append(jobEvent('job.secrets', job, caller, now()));
      const to = Math.min(from + chunksPerPage.secrets, job.next);
      const entries: NewSecret[] = [];
      for (let n = from; n < to; n++) {
        const found = await book.secrets(job, n);
        entries.push(...(await seenOf(caller, found, ({ tokenId }) => tokenId)));
      }
      return { entries, nextPageToken: tokens.write(to < job.next ? String(to) : undefined) };
    },

    async forget(caller, id) {
      demand(caller, writeScope);
      const found = await findOwn(caller, id);
      if (!hasEnded(found.job)) {
        throw new TokenError('FAILED_PRECONDITION', 'the job has not ended yet');
      }
      if (found.job.secrets === 0) return found.job;
      const job = await forgetSecrets(book, found);
      wake();
      return job;
    },
  };

  /** The id of the new job, or of the one that an earlier call with this request id created. */
  async function claimId(caller: Caller, { requestId, ...asked }: NewJob): Promise<string> {
    const id = v7();
    if (!requestId) return id;
    const digest = hash('sha256', JSON.stringify(asked));
    const key = hash('sha256', `${caller.actor}:${requestId.toLowerCase()}`, 'base64url');
    const claimed = await book.claim(key, digest, id);
    if (claimed.digest !== digest) throw invalid('request_id', 'was used for a different call');
    return claimed.id;
  }

  /** A counted job that needs no confirmation, started. */
  async function startAtOnce(job: Job): Promise<Job> {
    const found = job.startsAtOnce ? await book.read(job.id) : undefined;
    if (found?.job.state !== 'ready' || found.job.startBefore <= now()) return found?.job ?? job;
    return (await begin(found)) ?? job;
  }
}

/** Whether a caller may know of a job: it created it, or sees the access tokens of all owners. */
function maySee(caller: Caller, { creator }: Job): boolean {
  return caller.owners === undefined || creator.actor === caller.actor;
}

function checkStart(job: Job, count: number, now: number): void {
  const refuse = (text: string) => new TokenError('FAILED_PRECONDITION', text);
  if (job.state === 'counting') throw refuse('the job is not counted yet');
  if (hasEnded(job)) throw refuse(`the job has ended: ${job.endReason ?? ''}`);
  if (job.cancel !== undefined) throw refuse('the job was canceled');
  if (job.startBefore <= now) throw refuse('it was not started in time; select again');
  if (job.count === count) return;
  throw new TokenError('ABORTED', `the job is about ${job.count} access tokens, not ${count}`);
}

function checkSecrets(job: Job, now: number): void {
  if (!hasEnded(job)) throw new TokenError('FAILED_PRECONDITION', 'the job has not ended yet');
  if (job.secrets > 0 && (job.secretsUntil ?? 0) > now) return;
  throw new TokenError('FAILED_PRECONDITION', 'the job holds no new tokens or secrets (any more)');
}

/** The chunk at which a page begins. Throws one INVALID_ARGUMENT for the id and the page token. */
function readPlace(id: string, read: () => string | undefined): number {
  const faults = new Faults();
  faults.read(() => checkUuid('id', id));
  const place = faults.read(read);
  faults.end();
  return Number(place ?? 0);
}
