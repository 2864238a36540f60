/** Follows one Redis master: by tracking, or by published messages where that is refused. */

import type { Redis } from 'ioredis';
import type { RedisAddress } from '../../address.ts';
import type { AuditLog } from '../../store.ts';
import { feedClient } from '../client.ts';
import type { RedisLimits } from '../limits.ts';
import { followLoss } from '../loss.ts';
import { type FeedConnection, type MasterEvents, Refused } from './connection.ts';
import { followMessages } from './messages.ts';
import { followTracking } from './tracking.ts';

/** The feed of one master. */
export interface MasterFeed {
  /** The kind in use at this time. */
  readonly kind: 'tracking' | 'messages';
  /** Ends it. */
  close(): void;
}

/** The master to follow, and what that needs. */
export interface Followed {
  target: RedisAddress;
  /** The connection on which records are read from it. */
  server: Redis;
  /** The audit log, read on the records' connection. */
  log: Pick<AuditLog, 'head' | 'events'>;
  limits: RedisLimits;
  monotonicMs: () => number;
}

/** Follows a master until closed, and reconnects after every loss. */
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

  const connectAndFollow = async (how: (connection: FeedConnection) => Promise<never>) => {
    const own = feedClient(target, server, limits);
    client = own;
    const loss = followLoss(own);
    const lost = new Promise<never>((_, reject) => {
      own.once('end', () => reject(new Error('the feed ended')));
    });
    lost.catch(() => wake());
    const orLost: FeedConnection['orLost'] = promise => Promise.race([promise, lost]);
    try {
      await how({ ...followed, client: own, events, orLost, pause, wake: () => wake() });
    } catch (error) {
      throw error instanceof Refused ? error : (loss() ?? error);
    } finally {
      own.disconnect();
    }
  };
  /**
   * Tries tracking first each time, since the new server may support what the previous one did not.
   */
  const followOnce = async () => {
    try {
      kind = 'tracking';
      await connectAndFollow(followTracking);
    } catch (error) {
      if (closed || !(error instanceof Refused)) throw error;
      kind = 'messages';
      events.refused(error.message);
      await connectAndFollow(followMessages);
    }
  };

  const run = async () => {
    for (let attempt = 0; !closed; attempt++) {
      const startedMs = monotonicMs();
      const error = await followOnce().catch((reason: unknown) => reason);
      if (closed) return;
      events.lost(error);
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
