/** Limits of access tokens over a store in memory, for the tests of counting. */

import type { CounterLimits } from '../../src/limiting/counters.ts';
import { createCounters } from '../../src/limiting/counters.ts';
import { fixedSharingLimits, type SharingLimits } from '../../src/limiting/limits.ts';
import { shareCounts } from '../../src/limiting/share-counts.ts';
import { createTokenLimits, type TokenLimits } from '../../src/limiting/token-limits.ts';
import type { LimitCounter, LimitDelta } from '../../src/store/limit-counts.ts';
import type { AccessTokenRecord } from '../../src/store/record.ts';
import { Unavailable } from '../../src/store/store.ts';

/** For tests without limits. */
export const unlimited: TokenLimits = {
  take: () => undefined,
  isOver: () => undefined,
  uses: () => [],
};

/** A record with limits. */
export function limited(fields: Partial<AccessTokenRecord> = {}): AccessTokenRecord {
  return {
    ...{ id: 't1', revision: 1, kind: 'jwt', name: 'test', scopes: [], secrets: [] },
    ...{ createdAt: 1, updatedAt: 1, eventId: 'e', ...fields },
  };
}

/** A store that all replicas of a test share. */
export interface MemoryStore extends LimitCounter {
  /** By access token and counter, then by slot. */
  counts: Map<string, Map<number, number>>;
  /** What it is asked fails, before it is done or after. */
  fails: 'no' | 'before' | 'after';
  /** Counts of this access token are not taken, as with one master of a Cluster away. */
  refused?: string;
  /** How often it was asked. */
  rounds: number;
  deltas: LimitDelta[];
}

/** Creates it. */
export function memoryStore(): MemoryStore {
  const last = new Map<string, number>();
  const store: MemoryStore = {
    counts: new Map(),
    fails: 'no',
    rounds: 0,
    deltas: [],
    async countLimits(replica, deltas) {
      store.rounds++;
      store.deltas.push(...deltas);
      if (store.fails === 'before') throw new Unavailable('away');
      const answers = deltas.map(delta => {
        if (delta.tokenId === store.refused) return undefined;
        const key = `${delta.tokenId} ${delta.counter}`;
        const counts = store.counts.get(key) ?? new Map<number, number>();
        if (delta.added.length > 0) store.counts.set(key, counts);
        const known = new Map(delta.known);
        const isNew = delta.sequence > (last.get(`${key} ${replica}`) ?? -1);
        for (const [slot, count] of delta.added) {
          const sum = Math.max(counts.get(slot) ?? 0, known.get(slot) ?? 0);
          counts.set(slot, sum + (isNew ? count : 0));
        }
        if (delta.added.length > 0) last.set(`${key} ${replica}`, delta.sequence);
        return { slots: [...counts].filter(([slot]) => slot >= delta.oldest), isBroken: false };
      });
      if (store.fails === 'after') throw new Unavailable('the answer was lost');
      return answers;
    },
  };
  return store;
}

/** A replica whose clock the test sets, and which shares its counts when the test says so. */
export function replica(
  store: LimitCounter,
  clock: { now: number },
  some: Partial<SharingLimits & CounterLimits> = {},
  masterKeys = [''],
) {
  const events = { dropped: 0, broken: 0, away: [] as boolean[] };
  const counters = createCounters({
    bytesMax: 4_000_000,
    onDropped: () => void events.dropped++,
    ...some,
  });
  const never = 1_000_000_000;
  const sharing = shareCounts({
    counters,
    store,
    digests: (tokenId, subject) => masterKeys.map(key => `${key}${tokenId}~${subject}`),
    now: () => clock.now,
    monotonicMs: () => clock.now,
    limits: { ...fixedSharingLimits, syncMs: never, firstMs: never, ...some },
    onAway: isAway => void events.away.push(isAway),
    onBroken: () => void events.broken++,
  });
  const limits = createTokenLimits(counters, sharing);
  return {
    counters,
    sharing,
    limits,
    events,
    /** Whether a request is within the limits; it counts. */
    asks: (record: AccessTokenRecord, subject = '') =>
      limits.take(record, subject, clock.now) === undefined,
  };
}
