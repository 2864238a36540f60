/** Starts the counting of requests against the limits of access tokens. */

import { type Counters, createCounters } from '../limiting/counters.ts';
import type { SharingLimits } from '../limiting/limits.ts';
import { shareCounts } from '../limiting/share-counts.ts';
import { createTokenLimits, type TokenLimits } from '../limiting/token-limits.ts';
import { createReadTotalUse, type ReadTotalUse } from '../limiting/total-use.ts';
import type { Logger } from '../log.ts';
import type { FeedListener } from '../store/feed.ts';
import type { AccessTokenRecord } from '../store/record.ts';
import type { Store } from '../store/store.ts';
import type { MasterKeys } from '../verify/master-keys.ts';
import type { Metrics } from './metrics/metrics.ts';

/** The counting that runs. */
export interface Limiting {
  tokenLimits: TokenLimits;
  readTotalUse: ReadTotalUse;
  /** Sends the last counts to the store, and ends. */
  close(): Promise<void>;
}

/** What it needs. */
interface LimitingDeps {
  store: Pick<Store, 'countLimits' | 'health' | 'feed' | 'find'>;
  keys: Pick<MasterKeys, 'subjectDigests'>;
  now: () => number;
  log: Pick<Logger, 'warn'>;
  metrics: Pick<Metrics, 'memory' | 'limiting'>;
  limits: SharingLimits & { bytesMax: number };
  /** Called when a limit of an access token refuses a request. */
  onOver: (record: AccessTokenRecord) => void;
}

/** Shortest time between two lines in the log about the same, in milliseconds. */
const tellMs = 60_000;

/** Starts it. */
export function startLimiting(deps: LimitingDeps): Limiting {
  const { store, keys, now, log, metrics, limits, onOver } = deps;
  const dropped = atTimes(() =>
    log.warn(
      'more access tokens with limits are in use than there is memory for, and the store does not take ' +
        'their counts: some were dropped (USHER_MEMORY_MB)',
    ),
  );
  const broken = atTimes(() =>
    log.warn('the store held counts of limits that are no numbers; they were ignored'),
  );
  const counters = createCounters({ bytesMax: limits.bytesMax, onDropped: dropped });
  const sharing = shareCounts({
    counters,
    store,
    digests: keys.subjectDigests,
    now,
    monotonicMs: () => performance.now(),
    limits,
    onAway: isAway => store.health.degrade('limits', isAway ? awayText : undefined),
    onBroken: broken,
  });
  const unlisten = store.feed.listen(dropRevoked(counters, store));
  metrics.memory('limits', () => counters.bytes, limits.bytesMax);
  const tokenLimits = createTokenLimits(counters, sharing);
  metrics.limiting(() => ({ counters: counters.count, waitingMs: sharing.waitingMs() }));
  return {
    tokenLimits: {
      ...tokenLimits,
      take(record, subject, at) {
        const over = tokenLimits.take(record, subject, at);
        if (over !== undefined) onOver(record);
        return over;
      },
    },
    readTotalUse: createReadTotalUse(counters, store, now),
    async close() {
      unlisten();
      await sharing.close();
    },
  };
}

/** Drops the counters of access tokens that are revoked: they would be kept up to date for minutes. */
function dropRevoked(counters: Counters, records: Pick<Store, 'find'>): FeedListener {
  const look = async (id: string) => {
    const { record } = await records.find(id);
    if (record?.revokedAt !== undefined) counters.removeAll(id);
  };
  return {
    changed(id) {
      // What cannot be read now is dropped some minutes after its last use.
      if (counters.has(id)) setImmediate(() => look(id).catch(() => undefined));
    },
    changedAll: () => undefined,
  };
}

const awayText =
  'the store does not take the counts of limits: each replica and worker counts alone';

/** Calls it at most once a minute. */
function atTimes(tell: () => void): () => void {
  let toldMs = Number.NEGATIVE_INFINITY;
  return () => {
    if (performance.now() - toldMs < tellMs) return;
    toldMs = performance.now();
    tell();
  };
}
