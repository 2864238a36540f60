/** The Redis store, which replicas of Usher share: a single server, Sentinels, or a Cluster. */

import type { RedisAddress } from '../address.ts';
import type { ChainedEvent } from '../audit.ts';
import type { Awaitable } from '../awaitable.ts';
import {
  type CoherentLimits,
  createCoherentReader,
  defaultCoherentLimits,
} from '../cache/coherent.ts';
import { type Report, reportAsWarning } from '../continuity/problems.ts';
import type { StateFile } from '../continuity/state-file.ts';
import { type Store, Unavailable } from '../store.ts';
import { asker } from './ask.ts';
import { redisAudit } from './audit.ts';
import { keepConnected, type RedisClient, redisClient } from './client.ts';
import { acknowledge, readRequest, redisCommitter } from './commit.ts';
import { warnOfConfiguration } from './configuration.ts';
import { followFailover } from './failover.ts';
import { type RedisFeed, redisFeed } from './feed/feed.ts';
import { masterGet, plainGet } from './get.ts';
import { followFeed, redisGuard } from './guard.ts';
import { redisHealth } from './health.ts';
import { redisHeartbeat } from './heartbeat.ts';
import { redisImported } from './imported.ts';
import { createdKey, endedSessionKey, ownerKey, requestKey } from './keys.ts';
import { defaultRedisLimits, type RedisLimits } from './limits.ts';
import { readToken, scanTokens } from './list.ts';
import { redisUsage } from './usage.ts';

/** Options of openRedis. */
export interface RedisStoreOptions {
  /** The current time in milliseconds since 1970. */
  now: () => number;
  /** Called with a warning for the operator, such as a configuration that may lose data. */
  onWarning?: (message: string) => void;
  /** Tells what is wrong with the store's content; absent to have it as warnings. */
  report?: Report;
  /** Remembers the head of the log over a restart; absent for not. */
  stateFile?: StateFile;
  /** Limits that differ from the defaults. */
  limits?: Partial<RedisLimits>;
  cache?: Partial<CoherentLimits>;
}

/**
 * Opens the store. While Redis cannot be reached, the store is open but not up, and keeps trying.
 */
export async function openRedis(target: RedisAddress, options: RedisStoreOptions): Promise<Store> {
  const limits = { ...defaultRedisLimits, ...options.limits };
  const { reader, administrator } = clientsOf(target, limits);
  const clients = [reader, administrator];
  const onWarning = options.onWarning ?? (() => undefined);
  warnOfConfiguration(administrator, onWarning);
  const monotonicMs = () => performance.now();
  const heartbeat = redisHeartbeat(target, reader, limits, monotonicMs);
  const redisState = redisHealth(clients, limits.pingIntervalMs, monotonicMs, async () => {
    await guard.confirm();
    return (await guard.marks.areThere()) && heartbeat.isLive();
  });
  const reads = asker(
    reader,
    () => redisState.health.set(false),
    client =>
      redisState.unfit(client) ??
      (heartbeat.isLive() ? undefined : 'too few replicas follow Redis'),
  );
  const admin = asker(administrator, () => undefined, redisState.unfit);
  const linked = (entry: ChainedEvent) => guard.continuity.appended(entry);
  const audit = redisAudit(admin, limits, {
    linked,
    shorter: sequence => guard.continuity.mayEndAt(sequence),
  });
  const committer = redisCommitter(admin, audit, limits);
  const log = redisAudit(reads, limits);
  const isCluster = target.topology === 'cluster';
  let following: RedisFeed | undefined;
  const decided = Promise.withResolvers<void>();
  const guard = redisGuard(
    { reads, admin, log, limits, linked, isCluster },
    {
      limits: { ...limits, bytesMax: limits.tailBytesMax, ageMsMax: limits.tailMsMax },
      now: options.now,
      monotonicMs,
      stateFile: options.stateFile,
      report: options.report ?? reportAsWarning(onWarning),
      onChange(isSure) {
        decided.resolve();
        if (isSure) {
          following?.resume();
          void redisState.ping();
        } else {
          redisState.health.set(false);
          following?.suspend();
        }
      },
    },
    onWarning,
  );
  const usage = redisUsage(admin, limits);
  const sweep = async () => {
    await guard.confirm();
    await committer.sweep();
  };
  const stopSweeping = repeat(sweep, limits.sweepIntervalMs);
  administrator.on('ready', () => void sweep().catch(() => undefined));
  const gate = closable();
  const getKey = guard.guarded(
    isCluster ? plainGet(reads) : masterGet(reads, redisState, limits.leaseMs),
  );
  const get = (id: string) => gate.pass(() => readToken(getKey, id));
  /** For verification: a record that lost a change is not what it was. */
  const getWhole = async (id: string) => {
    const record = await get(id);
    if (record?.revokedAt === undefined && guard.continuity.isLost(id)) {
      throw new Unavailable('the store lost changes of this access token');
    }
    return record;
  };
  const read = <T>(ask: () => Promise<T>): Promise<T> =>
    gate.pass(async () => {
      const answer = await ask();
      await guard.confirm();
      return answer;
    });
  const write = <T>(task: () => Promise<T>): Promise<T> =>
    gate.pass(async () => {
      await guard.confirm();
      return await task();
    });

  const connections = clients.map(client => keepConnected(client, limits));
  const stopFollowingFailover = followFailover(target, clients, limits);
  await firstOutcome(clients, limits.openWaitMs);
  const { continuity } = guard;
  const followed = { target, reader, log, heartbeat, continuity };
  const feed = redisFeed(followed, limits, monotonicMs, onWarning);
  following = feed;
  followFeed(guard, feed);
  await redisState.ping();
  if (clients.some(({ status }) => status === 'ready')) {
    await within(decided.promise, limits.openWaitMs + limits.claimWaitMs);
  }
  const cache = { ...defaultCoherentLimits, ...options.cache };
  const imported = redisImported({ get: getKey, admin }, feed, limits, monotonicMs, cache);

  return {
    health: redisState.health,
    feed,
    get,
    ...createCoherentReader({ get: getWhole }, feed, monotonicMs, cache),
    scan: scan => read(() => scanTokens(admin, scan)),
    count: owner => {
      const index = owner === undefined ? createdKey : ownerKey(owner);
      return read(() => admin.ask(client => client.zcard(index)));
    },
    commit: change => write(() => committer.commit(change)),
    findRequest: key =>
      read(async () => {
        const text = await admin.ask(client => client.get(requestKey(key)));
        const request = text === null ? undefined : readRequest(text);
        return request !== undefined && request.keepUntil > options.now() ? request : undefined;
      }),
    importedForms: () => gate.passNow(() => imported.importedForms()),
    findImported: digest => gate.passNow(() => imported.findImported(digest)),
    reserveImported: (forms, entries) => write(() => imported.reserveImported(forms, entries)),
    append: event => write(() => audit.append(event)),
    events: scan => gate.pass(async () => audit.events(scan)),
    head: () => gate.pass(async () => audit.head()),
    addUsage: deltas => write(() => usage.addUsage(deltas)),
    usage: ids => gate.pass(async () => usage.usage(ids)),
    endSession: (id, until) =>
      write(async () => {
        const key = endedSessionKey(id);
        const leftMs = Math.max(1, Math.ceil(until - options.now()));
        await admin.ask(client => client.set(key, '', 'PX', leftMs));
        await acknowledge(admin, key, limits);
      }),
    isSessionEnded: id => gate.pass(async () => (await getKey(endedSessionKey(id))) !== null),
    storeStatus: continuity.storeStatus,
    acceptStore: by => gate.pass(() => continuity.acceptStore(by)),
    async close() {
      stopSweeping();
      void continuity.stop();
      await feed.close();
      await gate.close();
      redisState.stop();
      heartbeat.stop();
      stopFollowingFailover();
      for (const end of connections) end();
    },
  };
}

/** WAIT and long lists block a connection, so reads for verification have one of their own. */
function clientsOf(target: RedisAddress, limits: RedisLimits) {
  const use = (name: string, commandTimeoutMs: number) =>
    redisClient(target, { name, commandTimeoutMs }, limits);
  return {
    reader: use('usher-read', limits.readTimeoutMs),
    administrator: use('usher-admin', limits.adminTimeoutMs + limits.ackTimeoutMs),
  };
}

/** Resolves when all clients have connected or failed to, at the latest after `waitMs`. */
async function firstOutcome(clients: RedisClient[], waitMs: number): Promise<void> {
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
  let timer: NodeJS.Timeout | undefined;
  const waited = new Promise<void>(resolve => {
    timer = setTimeout(resolve, waitMs);
  });
  await Promise.race([promise, waited]);
  clearTimeout(timer);
}

/** Runs a task at an interval until stopped; a failure is left to the next run. */
function repeat(task: () => Promise<void>, intervalMs: number): () => void {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const again = () => {
    if (stopped) return;
    timer = setTimeout(
      () =>
        task()
          .catch(() => undefined)
          .finally(again),
      intervalMs,
    ).unref();
  };
  again();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

/** Counts the calls under way; once closing, it refuses new ones and waits for the others. */
function closable() {
  let inside = 0;
  let onEmpty: (() => void) | undefined;
  let closed = false;
  return {
    async pass<T>(task: () => Promise<T>): Promise<T> {
      if (closed) throw new Unavailable('the store is closed');
      inside++;
      try {
        return await task();
      } finally {
        inside--;
        if (inside === 0) onEmpty?.();
      }
    },
    /** For calls that may be answered synchronously, from the cache; they are not waited for. */
    passNow<T>(task: () => Awaitable<T>): Awaitable<T> {
      if (closed) throw new Unavailable('the store is closed');
      return task();
    },
    async close() {
      closed = true;
      if (inside > 0) {
        await new Promise<void>(resolve => {
          onEmpty = resolve;
        });
      }
    },
  };
}
