/** Connects the parts of the Redis store, and ends what runs in them. */

import { awakeTimeout } from '../../timing/awake.ts';
import { StoreMismatch } from '../store.ts';
import { keepConnected, type RedisClient } from './client.ts';
import { watchDegraded } from './degraded.ts';
import { followFailover } from './failover.ts';
import { type RedisFeed, redisFeed } from './feed/feed.ts';
import { followFeed } from './guard.ts';
import type { RedisLimits } from './limits.ts';
import type { RedisParts } from './parts.ts';
import { repeat } from './repeat.ts';

/** A store that is connected, or tries to be. */
export interface Running {
  feed: RedisFeed;
  /** Ends it. `underway` resolves when no call needs a connection any more. */
  close(underway: () => Promise<void>): Promise<void>;
}

/**
 * Connects, and waits a moment for the first answers. Throws StoreMismatch when the store is not one for
 * this version and these master keys.
 */
export async function run(parts: RedisParts, limits: RedisLimits): Promise<Running> {
  const { target, reader, administrator, heartbeat, state, schema, guard } = parts;
  const clients = [reader, administrator];
  const stopSweeping = sweepOften(parts, limits);
  const connections = clients.map(client => keepConnected(client, limits));
  const stopFollowingFailover = followFailover(target, clients, limits);
  const end = async () => {
    stopSweeping();
    const stopped = guard.continuity.stop();
    state.stop();
    heartbeat.stop();
    stopFollowingFailover();
    for (const disconnect of connections) disconnect();
    await stopped;
  };
  await firstOutcome(clients, limits.openWaitMs);
  await state.ping();
  if (schema.mismatch !== undefined) {
    await end();
    throw new StoreMismatch(schema.mismatch);
  }
  const feed = startFeed(parts, limits);
  if (clients.some(({ status }) => status === 'ready')) {
    await within(parts.decided, limits.openWaitMs + limits.claimWaitMs);
    // What was unknown at the first ping may be known now.
    await state.ping();
  }
  const { health, mastersAnswering } = state;
  const watched = { reader, administrator, feed, mastersAnswering };
  const stopWatching = watchDegraded(watched, health, limits);
  return {
    feed,
    async close(underway) {
      stopSweeping();
      stopWatching();
      await feed.close();
      await underway();
      await end();
    },
  };
}

/** Completes the changes that others began and did not end. */
function sweepOften(
  { administrator, guard, committer, documents }: RedisParts,
  limits: RedisLimits,
) {
  const sweep = async () => {
    await guard.confirm();
    await committer.sweep();
    await documents.sweep();
  };
  administrator.on('ready', () => void sweep().catch(() => undefined));
  return repeat(sweep, limits.sweepIntervalMs);
}

function startFeed(parts: RedisParts, limits: RedisLimits): RedisFeed {
  const { target, reader, log, heartbeat, guard, monotonicMs, onWarning } = parts;
  const continuity = { isSure: guard.continuity.isSure, doubt: guard.doubt };
  const followed = { target, reader, log, heartbeat, continuity };
  const feed = redisFeed(followed, limits, monotonicMs, onWarning);
  parts.follow(feed);
  followFeed(guard, feed);
  return feed;
}

/** Resolves when all clients have connected or failed to, at the latest after `waitMs`. */
async function firstOutcome(clients: readonly RedisClient[], waitMs: number): Promise<void> {
  const outcomes = clients.map(
    client =>
      new Promise<void>(resolve => {
        client.once('ready', resolve);
        client.once('close', resolve);
      }),
  );
  await within(Promise.all(outcomes), waitMs);
}

/** Resolves with the promise, at the latest after `waitMs`. */
async function within(promise: Promise<unknown>, waitMs: number): Promise<void> {
  const waited = Promise.withResolvers<void>();
  const timer = awakeTimeout(waited.resolve, waitMs);
  await Promise.race([promise, waited.promise]);
  timer.clear();
}
