/**
 * The feed of the Redis store: server-assisted invalidation (CLIENT TRACKING, broadcasting) from
 * every master. It is live only while all of them are connected and answer.
 */

import type { Redis } from 'ioredis';
import type { Continuity } from '../../continuity/continuity.ts';
import type { Feed, FeedListener, Lease } from '../../feed.ts';
import { createLease } from '../../feed.ts';
import { masters, nameOf, type RedisClient } from '../client.ts';
import { faultText } from '../faults.ts';
import type { RedisHeartbeat } from '../heartbeat.ts';
import { importedKey, tokenKey } from '../keys.ts';
import type { RedisLimits } from '../limits.ts';
import { type Followed, followMaster, type MasterFeed } from './master.ts';

/** The store to follow. */
export interface FollowedStore extends Pick<Followed, 'target' | 'log'> {
  /** The client that reads the records. */
  reader: RedisClient;
  /** Shows whether the client reads from a master that was not deposed. */
  heartbeat: Pick<RedisHeartbeat, 'isLive' | 'ageMs'>;
  /** Shows whether the store is what it was, and is asked to check after a flush. */
  continuity: Pick<Continuity, 'isSure' | 'doubt'>;
}

/** The feed of a Redis store, which ends it while Redis is not what it was. */
export interface RedisFeed extends Feed {
  /** Why the last connection of the feed was lost, for the operator; undefined if none was. */
  fault(): string | undefined;
  /** The store is not what it was: nothing that is cached is current, and the feed is not live. */
  suspend(): void;
  /** The store is what it was. */
  resume(): void;
  /** Nothing that is cached is current; what is read from now on is. */
  forget(): void;
}

/** A master that is followed. */
interface FollowedMaster {
  feed: MasterFeed;
  lease: Lease;
  /** When the last request was sent that the master answered; -Infinity after a loss. */
  confirmedMs: number;
}

/** Follows the masters that a client reads from, and any that join later. */
export function redisFeed(
  { target, reader, log, heartbeat, continuity }: FollowedStore,
  limits: RedisLimits,
  monotonicMs: () => number,
  onWarning: (message: string) => void,
): RedisFeed {
  const listeners = new Set<FeedListener>();
  const followed = new Map<string, FollowedMaster>();
  let current: FollowedMaster[] = [];
  let fault: string | undefined;

  const changedAll = () => {
    for (const listener of listeners) listener.changedAll();
  };
  const changed = (key: string) => {
    if (key.startsWith(importedKey(''))) {
      const digest = key.slice(importedKey('').length);
      for (const listener of listeners) listener.importedChanged?.(digest);
      return;
    }
    const id = key.slice(tokenKey('').length);
    for (const listener of listeners) listener.changed(id);
  };

  const warned = new Set<string>();
  const refused = (reason: string) => {
    if (!warned.has(reason)) {
      onWarning(
        `Redis client tracking is not available (${reason}): the feed follows published messages ` +
          'instead, which miss keys that others than Usher change',
      );
    }
    warned.add(reason);
  };

  /**
   * In a Cluster the address identifies a master; otherwise there is only one, whatever its
   * address.
   */
  const placeOf = (server: Redis) => (target.topology === 'cluster' ? nameOf(server) : 'master');

  const follow = () => {
    const servers = new Map(masters(reader).map(server => [placeOf(server), server]));
    for (const [name, { feed }] of followed) {
      if (servers.has(name)) continue;
      feed.close();
      followed.delete(name);
      changedAll();
    }
    for (const [name, server] of servers) {
      if (followed.has(name)) continue;
      const lease = createLease(limits.leaseMs, monotonicMs);
      const feed = followMaster(
        { target, server, log, limits, monotonicMs },
        {
          confirmed(askedAtMs) {
            master.confirmedMs = askedAtMs;
            if (continuity.isSure()) lease.renew(askedAtMs);
          },
          lost(error) {
            fault = faultText(error);
            master.confirmedMs = Number.NEGATIVE_INFINITY;
            lease.end();
            changedAll();
          },
          changed,
          changedAll() {
            continuity.doubt();
            changedAll();
          },
          refused,
        },
      );
      const master: FollowedMaster = { feed, lease, confirmedMs: Number.NEGATIVE_INFINITY };
      followed.set(name, master);
      // Changes on a master that was not followed until now may have been missed.
      changedAll();
    }
    current = [...followed.values()];
  };
  follow();
  const timer = setInterval(follow, limits.feedPingMs).unref();
  reader.on('ready', follow);

  return {
    get kind() {
      return current.some(({ feed }) => feed.kind === 'messages') ? 'messages' : 'tracking';
    },
    isLive: () =>
      current.length > 0 && current.every(({ lease }) => lease.isLive()) && heartbeat.isLive(),
    fault: () => fault,
    lagMs: () => Math.max(heartbeat.ageMs(), ...current.map(({ lease }) => lease.ageMs())),
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    suspend() {
      for (const { lease } of current) lease.end();
      changedAll();
    },
    resume() {
      for (const { lease, confirmedMs } of current) lease.renew(confirmedMs);
    },
    forget: changedAll,
    async close() {
      clearInterval(timer);
      reader.off('ready', follow);
      for (const { feed, lease } of followed.values()) {
        feed.close();
        lease.end();
      }
      followed.clear();
      current = [];
    },
  };
}
