/**
 * Detects a store that is not what it was: rolled back to an older state, emptied, or another one.
 * While there is doubt, nothing that is read is used; what can be put back is put back.
 */

import { randomUUID } from 'node:crypto';
import type { ChainedEvent } from '../audit.ts';
import type { ChangedDocument } from '../documents.ts';
import type { AcceptedBy, ReplicaKeys, StoreStatus } from '../status.ts';
import { Unavailable } from '../store.ts';
import { endOf, logStart } from './check.ts';
import { headKeeper } from './head-keeper.ts';
import { heal } from './heal.ts';
import { type ContinuityLimits, pace } from './limits.ts';
import { createMemory } from './memory.ts';
import type { WatchedStore } from './notes.ts';
import { accept, statusOf } from './oversee.ts';
import { problems, type Report } from './problems.ts';
import { comparedTokensMax, lostChangesOf } from './records.ts';
import type { StateFile } from './state-file.ts';

/** What the continuity needs beside the store. */
export interface ContinuityDeps {
  /** Host and process id of this replica. */
  replica: string;
  limits: ContinuityLimits;
  /** The current time in milliseconds since 1970. */
  now: () => number;
  /** `performance.now`. */
  monotonicMs: () => number;
  report: Report;
  /** Called when what is read may not be used from now on, and when it may again. */
  onChange: (isSure: boolean) => void;
  /** Called when this replica finds a loss: cached records of its access tokens must not be used any more. */
  onLost?: () => void;
  /** In a Cluster, records are on other servers too, and are used while the log cannot be read. */
  isLogApart?: boolean;
  /** Remembers the head over a restart; absent for not. */
  stateFile?: StateFile | undefined;
  /** The version of Usher of this replica, for the others; absent for none. */
  version?: string | undefined;
  /** The master keys of this replica, for the others; absent for none. */
  keys?: (() => ReplicaKeys) | undefined;
}

/** A running continuity. */
export interface Continuity {
  /** Whether what is read may be used: a check within the lease found the store as it was. */
  isSure(): boolean;
  /** Whether a log that ends at this sequence number may be what is known; doubts it if not. */
  mayEndAt(sequence: number): boolean;
  /** Why what was read before the call may not be used; undefined when it may. Never rejects. */
  whyNot(): Promise<string | undefined>;
  /** Resolves when what was read before the call may be used; throws Unavailable when not. */
  confirm(): Promise<void>;
  /** Whether changes of an access token were lost, so that its record is not what it was. */
  isLost(tokenId: string): boolean;
  /** Whether later changes of a document were lost than that of this revision. */
  isDocumentLost(document: Required<ChangedDocument>): boolean;
  /** The store may have changed behind this replica's back: nothing is used before a check. */
  doubt(): void;
  /** Takes an entry that this process appended; false when it may be lost with the log's end. */
  appended(event: ChainedEvent): boolean;
  /** Checks now. Never rejects. */
  look(): Promise<void>;
  /** Checks soon, since a change was announced. */
  lookSoon(): void;
  /** As StoreOversight.storeStatus. */
  storeStatus(): Promise<StoreStatus>;
  /** As StoreOversight.acceptStore. */
  acceptStore(by: AcceptedBy): Promise<void>;
  /** Ends the checks; resolves when none is under way, and the head is in the state file. */
  stop(): Promise<void>;
}

/** When a check began, and how often there had been doubt by then. */
interface Asked {
  doubts: number;
  atMs: number;
}

/** Watches a store until stopped. */
export function createContinuity(store: WatchedStore, deps: ContinuityDeps): Continuity {
  const { limits, now, monotonicMs, report } = deps;
  const memory = createMemory(store, limits, now, deps.stateFile?.remembered, deps.onLost);
  let state: 'doubted' | 'sure' | 'down' = 'doubted';
  let problem: string | undefined = problems.unread;
  let doubts = 0;
  let checkedAtMs = Number.NEGATIVE_INFINITY;
  let emptySinceMs: number | undefined;
  let underway: Promise<void> | undefined;
  let recovering: Promise<void> | undefined;
  /** Since the last doubt, and more is needed. */
  let isPutBack = false;
  let isLossTold = false;
  let stopped = false;
  /** After a loss: until when other replicas may tell what they knew of it. */
  let heldUntilMs = Number.NEGATIVE_INFINITY;
  const isApart = deps.isLogApart ?? false;
  /** Doubts for which records were compared with the log. */
  let comparedDoubts = 0;

  let soon: NodeJS.Timeout | undefined;
  const lookSoon = () => {
    if (stopped) return;
    soon ??= setTimeout(() => {
      soon = undefined;
      void look();
    }, pace.lookSoonMs).unref();
  };
  const fail = (why: string) => {
    const wasDown = state === 'down';
    if (problem !== why) report('store', why);
    state = 'down';
    problem = why;
    if (!wasDown) deps.onChange(false);
  };
  const succeed = ({ doubts: before, atMs }: Asked) => {
    const previous = state;
    if (previous === 'down') report('store', undefined);
    checkedAtMs = atMs;
    state = before === doubts ? 'sure' : 'doubted';
    problem = undefined;
    if (state === 'sure' && previous !== 'sure') deps.onChange(true);
    if (state === 'doubted') lookSoon();
    tellLost();
    if (state === 'sure') keepHead();
  };

  const tellLost = () => {
    const count = memory.lost.changes().length;
    if (count > 0 === isLossTold) return;
    isLossTold = count > 0;
    report('lost changes', isLossTold ? problems.unaccepted(count) : undefined);
  };

  /** Of a replica that knows no store yet: whether it does now. */
  const meet = async (): Promise<boolean> => {
    const { identity, lost } = await store.notes.read();
    if (identity === undefined && lost !== undefined) {
      fail(problems.noted(lost));
      return false;
    }
    if (identity === undefined) {
      const isEmpty = (await endOf(store.reads)).sequence === 0;
      emptySinceMs ??= monotonicMs();
      // Replicas that knew what was here need this time to note its loss.
      if (isEmpty && monotonicMs() - emptySinceMs < limits.claimWaitMs) {
        problem = problems.empty;
        return false;
      }
      await store.notes.claim(randomUUID()).catch(error => {
        problem = problems.unclaimed(error);
        throw error;
      });
    }
    const found = identity ?? (await store.notes.read()).identity;
    if (found !== undefined) await memory.adopt(found);
    return found !== undefined;
  };
  /** Whether the store is still the one that is known. */
  const goesOn = async (): Promise<boolean> => {
    const isStart = memory.head()?.sequence === 0;
    if (!(await memory.readOn())) return false;
    // The start of the log is in every log.
    return !isStart || (await store.notes.read()).identity === memory.identity;
  };
  /** Whether the records have what the log has, where that does not follow. */
  const hasRecords = async (asked: Asked): Promise<boolean> => {
    if (!isApart || comparedDoubts === asked.doubts) return true;
    const lost = await lostChangesOf(store.reads, memory, comparedTokensMax);
    if (lost.length > 0) return false;
    comparedDoubts = asked.doubts;
    return true;
  };

  const goesOnWithoutLog = (error: unknown): true => {
    if (isApart && state !== 'down' && error instanceof Unavailable) return true;
    throw error;
  };

  const recover = async (asked: Asked) => {
    const { identity, lost } = await store.notes.read();
    const head = memory.head() ?? logStart;
    if (identity === undefined && lost === undefined && head.sequence === 0) {
      // Only the identity was lost, as by a failover just after it was written: nothing else was known.
      return await store.notes.claim(memory.identity ?? randomUUID());
    }
    if (identity !== undefined && (await store.notes.isAccepted(head.hash))) {
      await memory.adopt(identity);
      return succeed(asked);
    }
    if (identity === memory.identity) {
      if (isPutBack) return;
      const healed = await heal(store, memory, now, isApart);
      if (healed === 'whole') return;
      if (healed === 'gap' || healed === 'hole') {
        isPutBack = healed === 'gap';
        return fail(problems.gap);
      }
      comparedDoubts = asked.doubts;
      report('lost changes', problems.healed(healed.loss, healed.fork));
      isLossTold = true;
      heldUntilMs = monotonicMs() + limits.claimWaitMs / 2;
      return limits.claimWaitMs > 0 ? undefined : succeed(asked);
    }
    memory.gone = [...memory.tail.entries(), ...memory.own.entries(), head];
    if (identity !== undefined) return fail(problems.other);
    if (memory.identity !== undefined) await store.notes.noteLoss(memory.identity);
    fail(problems.emptied);
  };

  const examine = async () => {
    // A store that is half healed may look whole.
    if (recovering !== undefined || monotonicMs() < heldUntilMs) return;
    const asked = { doubts, atMs: monotonicMs() };
    const isKnown = memory.head() !== undefined;
    const isWhole = isKnown ? await goesOn().catch(goesOnWithoutLog) : await meet();
    if (isWhole && (await hasRecords(asked))) return succeed(asked);
    if (!isKnown) return;
    if (state !== 'down') fail(problems.rolledBack);
    // Not waited for: meanwhile callers learn at once that nothing can be known.
    recovering ??= recover(asked)
      .catch(ignoreUnavailable)
      .finally(() => {
        recovering = undefined;
      });
  };
  const ignoreUnavailable = (error: unknown) => {
    if (stopped || error instanceof Unavailable) return;
    report('store', `a check of the store failed: ${String(error)}`);
  };
  const keepHead = headKeeper(store.notes, memory, deps, ignoreUnavailable);
  const look = () => {
    underway ??= examine()
      .catch(ignoreUnavailable)
      .finally(() => {
        underway = undefined;
      });
    return underway;
  };

  const doubt = () => {
    doubts++;
    isPutBack = false;
    if (state === 'sure') state = 'doubted';
    // One that is under way began before the doubt.
    void look().then(() => (state === 'doubted' ? look() : undefined));
  };
  const isSure = () => state === 'sure' && monotonicMs() - checkedAtMs < limits.leaseMs;
  const problemNow = () => (isSure() ? undefined : (problem ?? problems.doubted));
  const whyNot = async () => {
    for (let looks = 0; !isSure() && state !== 'down' && looks < pace.looksMax; looks++) {
      const before = doubts;
      await look();
      if (looks + 1 >= pace.looksMin && doubts === before) break;
    }
    return problemNow();
  };
  const everyMs = Math.max(pace.everyMsMin, Math.floor(limits.leaseMs / 4));
  const timer = setInterval(look, everyMs).unref();

  return {
    isSure,
    mayEndAt(sequence) {
      const isKnown = sequence >= (memory.head()?.sequence ?? 0);
      if (!isKnown) doubt();
      return isKnown;
    },
    whyNot,
    async confirm() {
      const why = await whyNot();
      if (why !== undefined) throw new Unavailable(why);
    },
    ...{ isLost: memory.lost.has, isDocumentLost: memory.lost.hasDocument, doubt },
    appended(event) {
      // What is appended while healing is read afterwards.
      if (state === 'down' || memory.own.add(event)) return state !== 'down';
      doubt();
      return false;
    },
    look,
    lookSoon,
    storeStatus: () => statusOf(store, memory, deps.replica, problemNow()),
    async acceptStore(by) {
      await recovering;
      const asked = { doubts, atMs: monotonicMs() };
      await accept(store, memory, by, problemNow(), now());
      succeed(asked);
    },
    async stop() {
      stopped = true;
      for (const each of [timer, soon]) clearTimeout(each);
      await Promise.all([underway, recovering]);
      await deps.stateFile?.settled();
    },
  };
}
