/** Follows one Redis master: by tracking, or by published messages where that is refused. */

import type { Redis } from 'ioredis';
import type { RedisAddress } from '../../address.ts';
import type { AuditLog } from '../../store.ts';
import { feedClient } from '../client.ts';
import type { RedisLimits } from '../limits.ts';
import { type FeedConnection, type MasterEvents, Refused } from './connection.ts';
import { followMessages } from './messages.ts';
import { followTracking } from './tracking.ts';

/** A master that is followed until it is closed. */
export interface MasterFeed {
  readonly kind: 'tracking' | 'messages';
  close(): void;
}

/** Whom to follow, and how. */
export interface Followed {
  target: RedisAddress;
  server: Redis;
  /** The audit log, as the records are read. */
  log: Pick<AuditLog, 'head' | 'events'>;
  limits: RedisLimits;
  monotonicMs: () => number;
}

/** Follows; after every loss it connects anew, and tells what it heard only once that is proven. */
export function followMaster(followed: Followed, events: MasterEvents): MasterFeed {
  const { target, server, limits, monotonicMs } = followed;
  let kind: MasterFeed['kind'] = 'tracking';
  let closed = false;
  let wake = () => {};
  let client: Redis | undefined;

  const pause = (ms: number) =>
    new Promise<void>(resolve => {
      const timer = setTimeout(resolve, ms).unref();
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const hear = async (how: (ear: FeedConnection) => Promise<never>) => {
    const own = feedClient(target, server, limits);
    client = own;
    const lost = new Promise<never>((_, reject) => {
      own.once('end', () => reject(new Error('the feed ended')));
    });
    lost.catch(() => wake());
    const orLost: FeedConnection['orLost'] = promise => Promise.race([promise, lost]);
    try {
      await how({ ...followed, client: own, events, orLost, pause, wake: () => wake() });
    } finally {
      own.disconnect();
    }
  };
  /** Tracking first, each time: it may be that only the server before did not offer it. */
  const followOnce = async () => {
    try {
      kind = 'tracking';
      await hear(followTracking);
    } catch (error) {
      if (closed || !(error instanceof Refused)) throw error;
      kind = 'messages';
      events.refused(error.message);
      await hear(followMessages);
    }
  };

  const run = async () => {
    for (let attempt = 0; !closed; attempt++) {
      const startedMs = monotonicMs();
      await followOnce().catch(() => undefined);
      if (closed) return;
      events.lost();
      if (monotonicMs() - startedMs > limits.reconnectDelayMsMax) attempt = 0;
      await pause(Math.min(50 * 2 ** attempt, limits.reconnectDelayMsMax) + Math.random() * 50);
    }
  };
  void run();

  return {
    get kind() {
      return kind;
    },
    close() {
      closed = true;
      client?.disconnect();
      wake();
    },
  };
}
