/**
 * Lets one replica at a time tell webhooks, and remembers how far it is. Both are in one document: a
 * replica that lost the lease cannot save its progress.
 */

import type { Documents } from '../store/documents.ts';
import type { JsonObject } from '../store/record.ts';
import { deliveries } from './delivery.ts';
import type { LogPlace } from './webhook.ts';

/** How far access tokens that expire soon were looked at, for one number of days. */
interface ExpiryPlace {
  /** Those that expire up to this are done, in milliseconds since 1970. */
  until: number;
  /** The cursor in a look that was not finished; absent otherwise. */
  after?: string;
}

/** How far a webhook is. */
export interface Progress {
  log: LogPlace;
  /** By the number of days. */
  expiry: Record<string, ExpiryPlace>;
}

/** The progress of all webhooks, by their ids. */
export type Progresses = Record<string, Progress>;

/** The lease. Throws Unavailable. */
export interface Lease {
  /**
   * Takes or keeps the lease. Resolves to the progress that the last holder saved, when this replica takes
   * it over; to "kept" when it had it already; to undefined when another one has it. `save` is read when
   * the lease is renewed.
   */
  hold(save: () => Progresses): Promise<Progresses | 'kept' | undefined>;
  /** Whether this replica has it now. */
  isHeld(): boolean;
  /** Has the next `hold` save the progress. */
  touch(): void;
  /** Lets others take it at once. */
  release(save: () => Progresses): Promise<void>;
}

/** The document of the lease, among those of deliveries. */
const leaseId = 'lease';

/**
 * Creates it. `holder` names this process. Others judge a holder by whether it renews the document, on
 * their own monotonic clock, so that clocks which differ do no harm.
 */
export function createLease(deps: {
  store: Pick<Documents, 'document' | 'changeDocument'>;
  holder: string;
  leaseMs: number;
  monotonicMs: () => number;
}): Lease {
  const { store, holder, leaseMs, monotonicMs } = deps;
  let revision = 0;
  /** When this replica renewed it last, before the store was asked; undefined while it does not hold it. */
  let renewedMs: number | undefined;
  let isTouched = false;
  /** What another holder wrote last, and when this was first seen. */
  let seen: { revision: number; atMs: number } | undefined;
  let lookedMs = Number.NEGATIVE_INFINITY;

  const write = async (holderNow: string, progresses: Progresses): Promise<boolean> => {
    const beganMs = monotonicMs();
    const body = { holder: holderNow, progresses } as unknown as JsonObject;
    const change = { collection: deliveries, id: leaseId, before: revision, body } as const;
    if ((await store.changeDocument(change)) === 'conflict') {
      renewedMs = undefined;
      return false;
    }
    revision += 1;
    renewedMs = beganMs;
    isTouched = false;
    return true;
  };
  const take = async (): Promise<Progresses | undefined> => {
    if (seen !== undefined && monotonicMs() - lookedMs < leaseMs / 5) return undefined;
    lookedMs = monotonicMs();
    const found = await store.document(deliveries, leaseId);
    revision = found?.revision ?? 0;
    const { holder: other = '', progresses = {} } = (found?.body ?? {}) as {
      holder?: string;
      progresses?: Progresses;
    };
    if (other !== '' && other !== holder) {
      if (seen?.revision !== revision) seen = { revision, atMs: monotonicMs() };
      if (monotonicMs() - seen.atMs < leaseMs) return undefined;
    }
    seen = undefined;
    return (await write(holder, progresses)) ? progresses : undefined;
  };
  const isHeld = () => renewedMs !== undefined && monotonicMs() - renewedMs < leaseMs / 2;

  return {
    isHeld,
    async hold(save) {
      if (renewedMs === undefined) return await take();
      if (!isTouched && monotonicMs() - renewedMs < leaseMs / 5) return 'kept';
      return (await write(holder, save())) ? 'kept' : undefined;
    },
    touch() {
      isTouched = true;
    },
    async release(save) {
      if (renewedMs === undefined) return;
      await write('', save());
      renewedMs = undefined;
    },
  };
}
