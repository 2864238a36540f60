/** Lets nothing that was read from Redis be used while the store may not be what it was. */

import { hostname } from 'node:os';
import type { ChainedEvent } from '../audit.ts';
import {
  type Continuity,
  type ContinuityDeps,
  createContinuity,
} from '../continuity/continuity.ts';
import type { Collection } from '../documents.ts';
import type { Feed } from '../feed.ts';
import type { RecordSeal } from '../seal.ts';
import type { AcceptedBy } from '../status.ts';
import type { Asker } from './ask.ts';
import { type RedisAudit, redisAudit } from './audit.ts';
import type { RedisClient } from './client.ts';
import { redisCommitter } from './commit.ts';
import { type RedisDocuments, redisDocuments } from './documents.ts';
import { redisEndSession } from './ended-sessions.ts';
import { type Get, plainGet } from './get.ts';
import type { RedisLimits } from './limits.ts';
import { readToken } from './list.ts';
import { emptiedMaster, noMarks, storeMarks } from './marks.ts';
import { redisNotes } from './notes.ts';
import type { RedisRecords } from './records.ts';

/** The parts of the store that the guard uses. */
export interface GuardedParts {
  reads: Asker;
  admin: Asker;
  /** The log on the connection of `reads`. */
  log: Pick<RedisAudit, 'events'>;
  records: RedisRecords;
  documents: RedisDocuments;
  limits: RedisLimits;
  seal: RecordSeal;
  /** Called with each entry that this process appended. */
  linked: (entry: ChainedEvent) => void;
  isCluster: boolean;
}

/** The guard of one store. */
export interface RedisGuard {
  continuity: Continuity;
  /** Why nothing that is read may be used; undefined when it may. Throws Unavailable. */
  whyNot(): Promise<string | undefined>;
  /** Data may have been lost: nothing is used before a check. */
  doubt(): void;
  /** Reads a key, and answers once what was read may be used. */
  guarded(get: Get): Get;
  /** Resolves when the store is what it was; throws Unavailable when not. */
  confirm(): Promise<void>;
  /** Resolves when what was not found does not exist; throws Unavailable when data may be lost. */
  confirmAbsence(): Promise<void>;
  /** As StoreOversight.acceptStore. */
  accept(by: AcceptedBy): Promise<void>;
}

/** What the guard needs beside the store. */
interface GuardDeps extends Omit<ContinuityDeps, 'replica' | 'isLogApart'> {
  /** Called when a master of a Cluster was found empty: what was not found before may exist. */
  onEmptied(): void;
}

/** Creates the guard. */
export function redisGuard(
  { reads, admin, log, records, documents, limits, seal, linked, isCluster }: GuardedParts,
  deps: GuardDeps,
  onWarning: (message: string) => void,
): RedisGuard {
  // What is put back is appended to a log that lost entries; what callers change is not.
  const audit = redisAudit(admin, limits, { linked, shorter: () => true });
  const committer = redisCommitter(admin, audit, records, limits);
  const changes = {
    events: audit.events,
    append: audit.append,
    note: audit.note,
    commit: committer.commit,
    get: (id: string) => readToken(plainGet(admin), records, id),
    document: (collection: Collection, id: string) =>
      documents.document(plainGet(admin), collection, id),
    changeDocument: redisDocuments(admin, audit, records, limits, deps.now).changeDocument,
    endSession: redisEndSession(admin, limits, deps.now),
  };
  const recordsAndLog = {
    events: log.events,
    get: (id: string) => readToken(plainGet(reads), records, id),
    document: (collection: Collection, id: string) =>
      documents.document(plainGet(reads), collection, id),
  };
  const continuity = createContinuity(
    { reads: recordsAndLog, changes, notes: redisNotes(reads, admin, seal, limits) },
    {
      ...deps,
      replica: `${hostname()}:${process.pid}`,
      isLogApart: isCluster,
      keys: () => ({ reads: Object.fromEntries(seal.keyChecks), writes: seal.currentId }),
    },
  );
  const marks = isCluster
    ? storeMarks(reads, {
        settleMs: limits.markSettleMs,
        monotonicMs: deps.monotonicMs,
        onWarning,
        onEmptied: deps.onEmptied,
        onRolledBack: continuity.doubt,
      })
    : noMarks;
  const doubt = () => {
    continuity.doubt();
    marks.doubt();
  };
  // Nothing is read on a new connection before it is ready.
  reads.client.on('ready', doubt);
  reads.client.on('+node', (node: RedisClient) => void node.on('ready', doubt));
  return {
    continuity,
    doubt,
    async whyNot() {
      const problem = await continuity.whyNot();
      if (problem !== undefined) return problem;
      return (await marks.areThere()) ? undefined : emptiedMaster;
    },
    guarded: get => async key => {
      const value = await get(key);
      if (!continuity.isSure()) await continuity.confirm();
      if (value === null) await marks.confirmAbsence();
      return value;
    },
    async confirm() {
      if (!continuity.isSure()) await continuity.confirm();
    },
    confirmAbsence: marks.confirmAbsence,
    async accept(by) {
      await continuity.acceptStore(by);
      await marks.accept();
    },
  };
}

/** Has the guard follow the feed: it names changes, and a flush. */
export function followFeed({ continuity }: RedisGuard, feed: Pick<Feed, 'listen'>): void {
  feed.listen({ changed: continuity.lookSoon, changedAll: () => undefined });
}
