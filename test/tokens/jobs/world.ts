/**
 * Jobs over documents and access tokens in memory, for processes that die at a step. A dead process does
 * nothing any more, and says nothing.
 */

import type { Documents } from '../../../src/store/documents.ts';
import type { AccessTokenRecord } from '../../../src/store/record.ts';
import type { Caller } from '../../../src/tokens/caller.ts';
import type { Acting } from '../../../src/tokens/jobs/act.ts';
import { createJobBook } from '../../../src/tokens/jobs/book.ts';
import type { Outcome } from '../../../src/tokens/jobs/job.ts';
import { createJobs } from '../../../src/tokens/jobs/jobs.ts';
import { runJob } from '../../../src/tokens/jobs/run.ts';
import { createMasterKeys } from '../../../src/verify/master-keys.ts';
import { defaultLimits } from '../../limits.ts';
import { admin, startMs } from '../setup.ts';
import { memoryDocuments } from './memory-documents.ts';

/** Thrown by each step of a dead process. */
class Died extends Error {}

/** Limits with which small jobs have several chunks. */
export const smallLimits = { ...defaultLimits.jobs, chunkSize: 5, actsAtOnce: 3 };

/** Creates the world with `size` access tokens of the owner "ann" and some of "bob". */
export function createWorld(size: number) {
  const clock = { ms: startMs };
  const now = () => clock.ms;
  const keys = createMasterKeys([{ id: 'k1', bytes: new Uint8Array(32).fill(1) }]);
  const documents = memoryDocuments();
  const records: AccessTokenRecord[] = [];
  const add = (owner: string, more: Partial<AccessTokenRecord> = {}) => {
    const n = records.length;
    const record = {
      ...{ id: `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`, revision: 1 },
      ...{ kind: 'static' as const, name: `token ${n}`, owner, scopes: [], secrets: [] },
      ...{ createdAt: clock.ms, updatedAt: clock.ms, eventId: '', ...more },
    };
    records.push(record);
    return record;
  };
  for (let n = 0; n < size; n++) {
    add('ann');
    if (n % 3 === 0) add('bob');
  }
  /** How often each access token was changed, and what it answered. */
  const acts = new Map<string, number>();
  const answers = new Map<string, Outcome>();
  const rights = { current: true };
  /** What the acts refuse. */
  const refused = new Set<string>();

  /** A process that dies at its `budget`th step. */
  function openProcess(name: string, budget = Number.POSITIVE_INFINITY) {
    let left = budget;
    const step = async () => {
      await Promise.resolve();
      left -= 1;
      if (left < 0) throw new Died();
    };
    const mortal: Documents = {
      document: async (...all) => {
        await step();
        return await documents.document(...all);
      },
      documents: async scan => {
        await step();
        return await documents.documents(scan);
      },
      async changeDocument(change) {
        await step();
        const outcome = await documents.changeDocument(change);
        await step();
        return outcome;
      },
    };
    const keep = { keepMs: 1e10, requestMs: 1e8 };
    const book = createJobBook(mortal, keys, now, keep);
    const acting: Acting = {
      async act(_caller, _job, tokenId) {
        await step();
        const known = answers.get(tokenId);
        if (known !== undefined) return known;
        if (refused.has(tokenId)) return { id: tokenId, failure: 'refused' };
        acts.set(tokenId, (acts.get(tokenId) ?? 0) + 1);
        const secret = {
          tokenId,
          name: '',
          owner: '',
          kind: 'static',
          secret: `s-${tokenId}`,
        } as const;
        const made = { id: tokenId, secret };
        answers.set(tokenId, made);
        await step();
        return made;
      },
      async recall(_job, tokenId) {
        await step();
        return answers.get(tokenId);
      },
    };
    const store = {
      get: (id: string) => records.find(record => record.id === id),
      head: () => ({ sequence: 1, hash: '', time: clock.ms }),
      append: async () => undefined,
      usage: () => [],
      async scan({ owner, after, limit }: { owner?: string; after?: string; limit: number }) {
        await step();
        const left = records.filter(each => each.id > (after ?? '') && each.owner === owner);
        const page = left.slice(0, Math.min(limit, 4));
        const cursor = page.at(-1)?.id;
        return { records: page, ...(left.length > page.length && cursor ? { cursor } : {}) };
      },
    };
    const jobs = createJobs({ book, store, keys, limits: smallLimits, now, wake: () => undefined });
    const run = async (id: string) =>
      await runJob(
        {
          ...{ book, store, acting, limits: smallLimits, now, monotonicMs: now, self: name },
          currentCaller: async (): Promise<Caller | undefined> => {
            await step();
            return rights.current ? admin : undefined;
          },
          turn: async () => true,
          isClosing: () => false,
          onBug(error) {
            throw error;
          },
        },
        id,
      );
    /** Works until it dies or has nothing to do; resolves to whether it died. */
    const work = async (id: string) => {
      try {
        await run(id);
        return false;
      } catch (error) {
        if (error instanceof Died) return true;
        throw error;
      }
    };
    return { book, jobs, run, work };
  }

  return { clock, documents, records, add, acts, answers, rights, refused, openProcess };
}
