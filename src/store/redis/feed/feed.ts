/**
 * The feed of a Redis store: server-assisted invalidation (CLIENT TRACKING, broadcasting) from every
 * master. While one of them is not heard, the feed is not live.
 */

import type { Redis } from 'ioredis';
import type { Feed, FeedListener, Lease } from '../../feed.ts';
import { createLease } from '../../feed.ts';
import { masters, nameOf, type RedisClient } from '../client.ts';
import type { RedisHeartbeat } from '../heartbeat.ts';
import { importedKey, tokenKey } from '../keys.ts';
import type { RedisLimits } from '../limits.ts';
import { type Followed, followMaster, type MasterFeed } from './master.ts';

/** What is followed. */
export interface FollowedStore extends Pick<Followed, 'target' | 'log'> {
  /** The client that the records are read with. */
  reader: RedisClient;
  /** Whether, and since when, what it reads can be believed to be from the master. */
  beat: Pick<RedisHeartbeat, 'isLive' | 'ageMs'>;
}

/** Follows the masters that a client reads from, also when they change. */
export function redisFeed(
  { target, reader, log, beat }: FollowedStore,
  limits: RedisLimits,
  monotonicMs: () => number,
  onWarning: (message: string) => void,
): Feed {
  const listeners = new Set<FeedListener>();
  const followed = new Map<string, { feed: MasterFeed; lease: Lease }>();
  let current: { feed: MasterFeed; lease: Lease }[] = [];

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
        `Redis does not tell of changes by itself (${reason}): published messages are followed, ` +
          'which say nothing of keys that others than Usher change',
      );
    }
    warned.add(reason);
  };

  /** In a Cluster a master is told by its address; otherwise there is one, wherever it is. */
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
          heard: lease.renew,
          lost() {
            lease.end();
            changedAll();
          },
          changed,
          changedAll,
          refused,
        },
      );
      followed.set(name, { feed, lease });
      // A master that was not followed until now may have changed anything.
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
      current.length > 0 && current.every(({ lease }) => lease.isLive()) && beat.isLive(),
    lagMs: () => Math.max(beat.ageMs(), ...current.map(({ lease }) => lease.ageMs())),
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
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
