/**
 * The documents of jobs, in the collection `jobs`. A job has one of its own, one for each chunk of its
 * selection, and others for what failed and for new secrets, so that none of them gets long.
 */

import type { AuditEvent } from '../../store/audit.ts';
import type { Documents } from '../../store/documents.ts';
import type { JsonObject } from '../../store/record.ts';
import { Unavailable } from '../../store/store.ts';
import type { MasterKeys } from '../../verify/master-keys.ts';
import type { Job, NewSecret } from './job.ts';

/** A job with the revision of its document. */
export interface Written {
  job: Job;
  revision: number;
}

/** An access token that was not changed: its UUID and why. */
export type Failure = [id: string, reason: string];

/** The documents of jobs. Throws Unavailable. */
export interface JobBook {
  /** Reads a job. */
  read(id: string): Promise<Written | undefined>;
  /** Writes a job that was read; undefined when it has changed since. */
  write(read: Written, job: Job, event?: AuditEvent): Promise<Written | undefined>;
  /** Writes a new job, unless it exists. */
  create(job: Job): Promise<void>;
  /** Reads jobs, newest first, behind a document's id. */
  list(after: string | undefined, limit: number): Promise<{ jobs: Job[]; last?: string }>;
  /** The id that this request id names: the given one, unless an earlier call had it. */
  claim(key: string, digest: string, id: string): Promise<{ id: string; digest: string }>;
  /** Ids of the jobs for which there is something to do, oldest first. */
  open(limit: number): Promise<string[]>;
  /** Marks a job as one for which there is something to do, or no longer. */
  setOpen(id: string, isOpen: boolean): Promise<void>;
  /** Removes the mark of a job that was never written, unless it may still be. */
  dropOrphan(id: string): Promise<void>;
  /** Reads and writes the access tokens of a chunk. */
  chunk(job: Job, n: number): Promise<string[]>;
  addChunk(job: Job, n: number, ids: readonly string[]): Promise<void>;
  /** Reads and writes what failed in a chunk. */
  failures(job: Job, n: number): Promise<Failure[]>;
  addFailures(job: Job, n: number, failures: readonly Failure[]): Promise<void>;
  /** Reads and writes the new secrets of a chunk, which are sealed; written ones stay. */
  secrets(job: Job, n: number): Promise<NewSecret[]>;
  addSecrets(job: Job, n: number, secrets: readonly NewSecret[]): Promise<void>;
  removeSecrets(job: Job): Promise<void>;
}

/** How the documents' ids begin. */
const kinds = { job: 'j', request: 'r', open: 'o', chunk: 'c', failures: 'f', secrets: 's' };

/** How long a job may take from its mark to its document, in milliseconds. */
const orphanMs = 60_000;

/** Creates it. `keepMs` is how long a job is kept, `requestMs` how long its request id is. */
export function createJobBook(
  documents: Documents,
  keys: MasterKeys,
  now: () => number,
  { keepMs, requestMs }: { keepMs: number; requestMs: number },
): JobBook {
  const get = (id: string) => documents.document('jobs', id);
  const put = async (id: string, before: number, body: JsonObject, keepUntil: number) =>
    await documents.changeDocument({ collection: 'jobs', id, before, body, keepUntil });
  const remove = async (id: string) => {
    for (;;) {
      const found = await get(id);
      if (found === undefined) return;
      const change = { collection: 'jobs', id, before: found.revision } as const;
      if ((await documents.changeDocument(change)) === 'done') return;
    }
  };
  const keepUntil = ({ createdAt }: Job) => createdAt + keepMs;
  const place = (kind: string, { id }: Pick<Job, 'id'>, n: number) =>
    `${kind}.${id}.${String(n).padStart(6, '0')}`;
  const chunkPlace = (job: Job, n: number) => `${place(kinds.chunk, job, n)}.${job.attempt}`;
  const readSecrets = (job: Job, n: number, body: JsonObject): NewSecret[] =>
    JSON.parse(keys.open(body as { masterKeyId: string; value: string }, context(job, n)));

  return {
    async read(id) {
      const found = await get(headPlace(id));
      return found && { job: jobOf(found.body), revision: found.revision };
    },
    async write({ revision }, job, event) {
      const outcome = await documents.changeDocument({
        ...{ collection: 'jobs', id: headPlace(job.id), before: revision, body: bodyOf(job) },
        keepUntil: keepUntil(job),
        ...(event && { event }),
      });
      return outcome === 'done' ? { job, revision: revision + 1 } : undefined;
    },
    async create(job) {
      await put(headPlace(job.id), 0, bodyOf(job), keepUntil(job));
    },
    async list(after, limit) {
      const scan = { collection: 'jobs', prefix: `${kinds.job}.`, limit } as const;
      const page = await documents.documents(after === undefined ? scan : { ...scan, after });
      const last = page.length < limit ? undefined : page.at(-1)?.id;
      return { jobs: page.map(({ body }) => jobOf(body)), ...(last !== undefined && { last }) };
    },
    async claim(key, digest, id) {
      const at = `${kinds.request}.${key}`;
      const claimed = { id, digest };
      if ((await put(at, 0, claimed, now() + requestMs)) === 'done') return claimed;
      const found = await get(at);
      return found === undefined ? claimed : (found.body as typeof claimed);
    },
    async open(limit) {
      const scan = { collection: 'jobs', prefix: `${kinds.open}.`, limit } as const;
      return (await documents.documents(scan)).map(({ id }) => id.slice(kinds.open.length + 1));
    },
    async setOpen(id, isOpen) {
      if (isOpen) await put(`${kinds.open}.${id}`, 0, { at: now() }, now() + keepMs);
      else await remove(`${kinds.open}.${id}`);
    },
    async dropOrphan(id) {
      const found = await get(`${kinds.open}.${id}`);
      const isOld = now() - Number(found?.body.at ?? 0) > orphanMs;
      if (isOld && (await get(headPlace(id))) === undefined) await remove(`${kinds.open}.${id}`);
    },

    async chunk(job, n) {
      const found = await get(chunkPlace(job, n));
      if (found === undefined) throw new Unavailable(`a part of the job ${job.id} is missing`);
      return found.body.ids as string[];
    },
    async addChunk(job, n, ids) {
      await put(chunkPlace(job, n), 0, { ids: [...ids] }, keepUntil(job));
    },
    async failures(job, n) {
      const found = await get(place(kinds.failures, job, n));
      return (found?.body.failures ?? []) as Failure[];
    },
    async addFailures(job, n, failures) {
      if (failures.length === 0) return;
      await put(place(kinds.failures, job, n), 0, { failures: [...failures] }, keepUntil(job));
    },

    async secrets(job, n) {
      const found = await get(place(kinds.secrets, job, n));
      return found === undefined ? [] : readSecrets(job, n, found.body);
    },
    async addSecrets(job, n, secrets) {
      if (secrets.length === 0) return;
      const at = place(kinds.secrets, job, n);
      for (;;) {
        const found = await get(at);
        const held = found === undefined ? [] : readSecrets(job, n, found.body);
        const added = secrets.filter(each => !held.some(({ tokenId }) => tokenId === each.tokenId));
        if (added.length === 0) return;
        const body = { ...keys.seal(JSON.stringify([...held, ...added]), context(job, n)) };
        if ((await put(at, found?.revision ?? 0, body, keepUntil(job))) === 'done') return;
      }
    },
    async removeSecrets(job) {
      for (let n = 0; n < job.chunks; n++) await remove(place(kinds.secrets, job, n));
    },
  };
}

/** What the secrets of a chunk are sealed for. */
function context({ id }: Job, n: number): string {
  return `job/${id}/${n}`;
}

/**
 * The document of a job. The hexadecimal digits of its UUID, which begin with the time, are turned
 * around, so that newer jobs come first.
 */
function headPlace(id: string): string {
  const turned = id.replace(/[0-9a-f]/g, digit => (15 - Number.parseInt(digit, 16)).toString(16));
  return `${kinds.job}.${turned}`;
}

function bodyOf(job: Job): JsonObject {
  return JSON.parse(JSON.stringify(job)) as JsonObject;
}

/** Only this server writes these documents, and the store checks that they are as written. */
function jobOf(body: JsonObject): Job {
  return body as unknown as Job;
}
