/**
 * Counts the uses of access tokens, and refusals of those that were proven: in memory, written in
 * batches, never per verification.
 */

import type { Store, Usage, UsageDelta } from '../store/store.ts';
import { refusalsOf } from '../store/usage.ts';
import { type Reason, reasons } from '../verify/verdict.ts';
import { type Caller, demand, readScope, visible } from './caller.ts';
import { checkUuid } from './fields.ts';
import type { UsageLimits } from './limits.ts';

/** Shortest time between two calls of `onLost`, in milliseconds. */
const tellLostMs = 60_000;

/** How often an access token was used and refused. */
export interface UsageReport {
  usage: Usage;
  /** Reason → how often and when it was refused for it. */
  refusals: [Reason, Usage][];
}

const allReasons = Object.keys(reasons) as Reason[];

/** Counts uses and reads the counts. */
export interface UsageMeter {
  /** Counts a verification with a valid verdict, and keeps the address that it was used from. */
  note(tokenId: string, from?: string): void;
  /** Counts a refusal of a token whose hash or signature was right. */
  noteRefusal(tokenId: string, reason: Reason): void;
  /** Writes the counts. Keeps them for the next write when the store cannot be reached. */
  flush(): Promise<void>;
  /** Reads the usage of an access token. Throws TokenError or Unavailable. */
  read(caller: Caller, tokenId: string): Promise<Usage>;
  /** Reads its usage and its refusals. Throws TokenError or Unavailable. */
  report(caller: Caller, tokenId: string): Promise<UsageReport>;
  /** Writes the last counts and ends the timer. */
  close(): Promise<void>;
  /** Counts that are not written yet. */
  readonly pendingCount: number;
}

/**
 * Makes it. `now` is in milliseconds since 1970. `onLost` is called, at most once a minute, with
 * how many uses were not counted because the store was away for too long.
 */
export function createUsageMeter(
  store: Store,
  now: () => number,
  limits: UsageLimits,
  onLost: (uses: number) => void,
): UsageMeter {
  /** By day, then by access token; more than one day around midnight and after an outage. */
  let pending = new Map<string, Map<string, UsageDelta>>();
  let pendingCount = 0;
  /** Entries that the store has been given and has not answered for. */
  let writtenCount = 0;
  const lost = { uses: 0, toldMs: Number.NEGATIVE_INFINITY };

  /** Whether a new entry for this day has a place, if need be that of the oldest day. */
  const hasRoom = (date: string) => {
    if (pendingCount + writtenCount < limits.pendingMax) return true;
    const [oldest, ofDay] = [...pending].toSorted(([a], [b]) => (a < b ? -1 : 1))[0] ?? [];
    if (oldest === undefined || ofDay === undefined || oldest >= date) return false;
    pending.delete(oldest);
    pendingCount -= ofDay.size;
    for (const { count } of ofDay.values()) lost.uses += count;
    return true;
  };

  const note = (added: UsageDelta) => {
    const { tokenId, date } = added;
    const delta = pending.get(date)?.get(tokenId);
    if (delta !== undefined) {
      delta.count += added.count;
      if (added.lastUsedAt >= delta.lastUsedAt) {
        delta.lastUsedAt = added.lastUsedAt;
        delta.lastUsedFrom = added.lastUsedFrom;
      }
    } else if (hasRoom(date)) {
      const ofDay = pending.get(date) ?? new Map<string, UsageDelta>();
      pending.set(date, ofDay.set(tokenId, added));
      pendingCount++;
    } else {
      lost.uses += added.count;
    }
  };

  const tellLost = () => {
    if (lost.uses === 0 || now() - lost.toldMs < tellLostMs) return;
    onLost(lost.uses);
    Object.assign(lost, { uses: 0, toldMs: now() });
  };

  const write = async () => {
    const batch = [...pending.values()].flatMap(ofDay => [...ofDay.values()]);
    if (batch.length > 0) {
      pending = new Map();
      pendingCount = 0;
      writtenCount = batch.length;
      const left = await store.addUsage(batch).catch(() => batch);
      writtenCount = 0;
      for (const delta of left) note(delta);
    }
    tellLost();
  };

  // One write at a time: a store that does not answer must not hold ever more of them.
  let writing: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const flush = (): Promise<void> => {
    if (writing === undefined) {
      writing = write().finally(() => {
        writing = undefined;
      });
      return writing;
    }
    next ??= writing.then(() => {
      next = undefined;
      return flush();
    });
    return next;
  };
  const timer = setInterval(flush, limits.flushMs).unref();
  const earlyCount = Math.ceil(limits.pendingMax / 2);
  let day = { ends: 0, date: '' };

  const noteNow = (tokenId: string, from?: string) => {
    const at = now();
    if (at >= day.ends || at < day.ends - 86_400_000) {
      const date = new Date(at).toISOString().slice(0, 10);
      day = { date, ends: Date.parse(date) + 86_400_000 };
    }
    const before = pendingCount;
    note({ tokenId, date: day.date, count: 1, lastUsedAt: at, lastUsedFrom: from });
    // Early enough that counting goes on while the store writes.
    if (before !== pendingCount && pendingCount === earlyCount) void flush();
  };

  const idOf = async (caller: Caller, tokenId: string) => {
    demand(caller, readScope);
    const id = checkUuid('id', tokenId);
    visible(caller, await store.get(id), tokenId);
    return id;
  };

  return {
    get pendingCount() {
      return pendingCount + writtenCount;
    },
    note: noteNow,
    noteRefusal: (tokenId, reason) => noteNow(refusalsOf(tokenId, reason)),
    flush,
    async read(caller, tokenId) {
      const [usage = { days: {} }] = await store.usage([await idOf(caller, tokenId)]);
      return usage;
    },
    async report(caller, tokenId) {
      const id = await idOf(caller, tokenId);
      const asked = [id, ...allReasons.map(reason => refusalsOf(id, reason))];
      const [usage = { days: {} }, ...refused] = await store.usage(asked);
      const refusals = allReasons.map((reason, n): [Reason, Usage] => {
        return [reason, refused[n] ?? { days: {} }];
      });
      return { usage, refusals: refusals.filter(([, { lastUsedAt }]) => lastUsedAt !== undefined) };
    },
    async close() {
      clearInterval(timer);
      // After a write under way, another one for what it could not write.
      await flush();
    },
  };
}
