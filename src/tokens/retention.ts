/**
 * Removes old entries of the audit log. A checkpoint entry first records where the log will start, so that
 * the chain stays provable from there on.
 */

import type { ChainedEvent } from '../store/audit.ts';
import type { Store } from '../store/store.ts';
import { uuidOf } from './derived-uuid.ts';
import type { RetentionLimits } from './limits.ts';

/** Removes old entries, now and from time to time. */
export interface Retention {
  /** Removes what is old now. Throws Unavailable. */
  run(): Promise<void>;
  /** Ends the timer, after the run under way. */
  close(): Promise<void>;
}

/** What it needs. */
export interface RetentionDeps {
  store: Pick<Store, 'note' | 'events' | 'removeEvents' | 'health'>;
  limits: RetentionLimits;
  /** The current time in milliseconds since 1970. */
  now: () => number;
  /** Called with the error of a run that the timer started; the next one tries again. */
  onFailure(error: unknown): void;
}

const dayMs = 86_400_000;

/** Creates it. Several processes may run at the same time. */
export function createRetention({ store, limits, now, onFailure }: RetentionDeps): Retention {
  const run = async () => {
    if (limits.days === 0) return;
    // A clock that is years ahead would call the whole log old. Another process, or a later run, removes it.
    if (store.health.degraded.some(({ what }) => what === 'clock')) return;
    const old = await oldEntries(store, limits, now() - limits.days * dayMs);
    if (old === undefined) return;
    // First the checkpoint: a removal without one would look like a log that was cut.
    await store.note(checkpoint(old.last, old.count, now()));
    while (await store.removeEvents(old.last.sequence, limits.pageSize));
  };
  let underway: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => {
    underway = underway.then(run).catch(onFailure);
  }, limits.everyMs).unref();
  return {
    run,
    async close() {
      clearInterval(timer);
      await underway;
    },
  };
}

/** The last of the entries at the log's start that are from before a time, and how many there are. */
async function oldEntries(
  store: Pick<Store, 'events'>,
  { pageSize, removedMax }: RetentionLimits,
  before: number,
): Promise<{ last: ChainedEvent; count: number } | undefined> {
  let last: ChainedEvent | undefined;
  let count = 0;
  while (count < removedMax) {
    const after = last === undefined ? {} : { after: last.sequence };
    const limit = last === undefined ? 1 : pageSize;
    const page = await store.events({ order: 'oldest', limit, ...after });
    const recent = page.findIndex(({ time }) => time >= before);
    const old = recent === -1 ? page : page.slice(0, recent);
    last = old.at(-1) ?? last;
    count += old.length;
    if (old.length < limit) break;
  }
  return last && { last, count };
}

/** The entry that records a removal. Processes that remove the same entries add it once. */
function checkpoint({ sequence, hash }: ChainedEvent, count: number, time: number) {
  return {
    ...{ id: uuidOf(`audit.checkpoint ${sequence} ${hash}`), time, action: 'audit.checkpoint' },
    ...{ actor: '', peer: '', tokenId: '', requestId: '' },
    after: { sequence, hash, count },
    detail: `removed ${count} old entries, up to entry ${sequence}`,
  };
}
