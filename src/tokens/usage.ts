/** Counts the uses of access tokens: in memory, written in batches, never per verification. */

import type { Store, Usage, UsageDelta } from '../store/store.ts';
import { type Caller, demand, readScope, visible } from './caller.ts';
import { checkUuid } from './fields.ts';
import type { UsageLimits } from './limits.ts';

/** Counts uses and reads the counts. */
export interface UsageMeter {
  /** Counts a verification of an access token with a valid verdict. */
  note(tokenId: string): void;
  /** Writes the counts. Keeps them for the next write when the store cannot be reached. */
  flush(): Promise<void>;
  /** Reads the usage of an access token. Throws TokenError or Unavailable. */
  read(caller: Caller, tokenId: string): Promise<Usage>;
  /** Writes the last counts and ends the timer. */
  close(): Promise<void>;
}

/** Creates the meter. `now` is in milliseconds since 1970. */
export function createUsageMeter(store: Store, now: () => number, limits: UsageLimits): UsageMeter {
  /** By day, then by access token; more than one day around midnight and after an outage. */
  let pending = new Map<string, Map<string, UsageDelta>>();
  let pendingCount = 0;

  const note = (tokenId: string, date: string, count: number, at: number) => {
    const ofDay = pending.get(date) ?? new Map<string, UsageDelta>();
    pending.set(date, ofDay);
    const delta = ofDay.get(tokenId);
    if (delta === undefined) {
      ofDay.set(tokenId, { tokenId, date, count, lastUsedAt: at });
      pendingCount += 1;
    } else {
      delta.count += count;
      delta.lastUsedAt = Math.max(delta.lastUsedAt, at);
    }
  };
  const write = async () => {
    const batch = [...pending.values()].flatMap(ofDay => [...ofDay.values()]);
    if (batch.length === 0) return;
    pending = new Map();
    pendingCount = 0;
    const left = await store.addUsage(batch).catch(() => batch);
    // A long outage must not fill the memory: beyond the limit, counts are lost.
    for (const { tokenId, date, count, lastUsedAt } of left) {
      if (pendingCount < limits.pendingMax) note(tokenId, date, count, lastUsedAt);
    }
  };
  let underway: Promise<unknown> = Promise.resolve();
  const flush = () => {
    const written = write();
    underway = Promise.all([underway, written]);
    return written;
  };
  const timer = setInterval(flush, limits.flushMs).unref();
  let day = { ends: 0, date: '' };

  return {
    note(tokenId) {
      const at = now();
      if (at >= day.ends || at < day.ends - 86_400_000) {
        const date = new Date(at).toISOString().slice(0, 10);
        day = { date, ends: Date.parse(date) + 86_400_000 };
      }
      note(tokenId, day.date, 1, at);
      if (pendingCount >= limits.pendingMax) void flush();
    },
    flush,
    async read(caller, tokenId) {
      demand(caller, readScope);
      const id = checkUuid('id', tokenId);
      visible(caller, await store.get(id), tokenId);
      const [usage = { days: {} }] = await store.usage([id]);
      return usage;
    },
    async close() {
      clearInterval(timer);
      // Retries what could not be written before.
      await underway;
      await flush();
    },
  };
}
