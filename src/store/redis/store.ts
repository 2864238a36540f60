/** The store in Redis that replicas share: a single server, one behind Sentinels, or a Cluster. */

import type { RedisAddress } from '../address.ts';
import { createCoherentReader } from '../cache/coherent.ts';
import type { CoherentLimits } from '../cache/limits.ts';
import type { Feed } from '../feed.ts';
import { type Awaitable, type Store, Unavailable } from '../store.ts';
import { asker } from './ask.ts';
import { redisAudit } from './audit.ts';
import { redisBeat } from './beat.ts';
import { keepConnected, type RedisClient, redisClient } from './client.ts';
import { acknowledge, readRequest, redisCommitter } from './commit.ts';
import { watchFailover } from './failover.ts';
import { redisFeed } from './feed/feed.ts';
import { masterGet, plainGet } from './get.ts';
import { redisWatch, watchEviction } from './health.ts';
import { type StoreIdentity, storeIdentity } from './identity.ts';
import { redmayBeImported } from './imported.ts';
import { createdKey, endedSessionKey, ownerKey, requestKey } from './keys.ts';
import type { RedisLimits } from './limits.ts';
import { readToken, scanTokens } from './list.ts';
import { redisUsage } from './usage.ts';

/** How the Redis store is opened. */
export interface RedisStoreOptions {
  /** Milliseconds since 1970. */
  now: () => number;
  /** Told of a Redis that is set up so that it may lose data. */
  onWarning?: (message: string) => void;
  limits: RedisLimits;
  cache: CoherentLimits;
}

/** Opens the store. While Redis cannot be reached it is open, not up, and connects as soon as it can. */
export async function openRedis(target: RedisAddress, options: RedisStoreOptions): Promise<Store> {
  const { limits, cache } = options;
  const { reader, administrator } = clientsOf(target, limits);
  const clients = [reader, administrator];
  const onWarning = options.onWarning ?? (() => undefined);
  watchEviction(administrator, onWarning);
  const monotonicMs = () => performance.now();
  const beat = redisBeat(target, reader, limits, monotonicMs);
  const watch = redisWatch(
    clients,
    limits.pingIntervalMs,
    monotonicMs,
    async () => (await identity.isSame()) && beat.isLive(),
  );
  const reads = asker(
    reader,
    () => watch.health.set(false),
    client => watch.unfit(client) ?? (beat.isLive() ? undefined : 'too few replicas follow Redis'),
  );
  const admin = asker(administrator, () => undefined, watch.unfit);
  const identity = storeIdentity(reads, onWarning);
  const audit = redisAudit(admin, limits);
  const committer = redisCommitter(admin, audit, limits);
  const usage = redisUsage(admin, limits);
  const stopSweeping = repeat(() => committer.sweep(), limits.sweepIntervalMs);
  administrator.on('ready', () => void committer.sweep().catch(() => undefined));
  const gate = closable();
  const getKey =
    target.topology === 'cluster' ? plainGet(reads) : masterGet(reads, watch, limits.leaseMs);
  const get = (id: string) =>
    gate.pass(async () => {
      const record = await readToken(getKey, id);
      if (record === undefined) await identity.confirmAbsence();
      return record;
    });

  const connections = clients.map(client => keepConnected(client, limits));
  const stopWatchingFailover = watchFailover(target, clients, limits);
  await firstOutcome(clients, limits.openWaitMs);
  await watch.ping();
  const followed = { target, reader, log: redisAudit(reads, limits), beat };
  const feed = redisFeed(followed, limits, monotonicMs, onWarning);
  doubtAfterLoss(identity, reader, feed);
  const imported = redmayBeImported(
    { get: getKey, admin, identity },
    feed,
    limits,
    monotonicMs,
    cache,
  );

  return {
    health: watch.health,
    feed,
    get,
    ...createCoherentReader({ get }, feed, monotonicMs, cache),
    scan: scan => gate.pass(() => scanTokens(admin, scan)),
    count: owner => {
      const index = owner === undefined ? createdKey : ownerKey(owner);
      return gate.pass(() => admin.ask(client => client.zcard(index)));
    },
    commit: change => gate.pass(() => committer.commit(change)),
    findRequest: key =>
      gate.pass(async () => {
        const text = await admin.ask(client => client.get(requestKey(key)));
        const request = text === null ? undefined : readRequest(text);
        return request !== undefined && request.keepUntil > options.now() ? request : undefined;
      }),
    importedForms: () => gate.passNow(() => imported.importedForms()),
    findImported: digest => gate.passNow(() => imported.findImported(digest)),
    reserveImported: (forms, entries) => gate.pass(() => imported.reserveImported(forms, entries)),
    append: event => gate.pass(() => audit.append(event)),
    events: scan => gate.pass(async () => audit.events(scan)),
    head: () => gate.pass(async () => audit.head()),
    addUsage: deltas => gate.pass(() => usage.addUsage(deltas)),
    usage: ids => gate.pass(async () => usage.usage(ids)),
    endSession: (id, until) =>
      gate.pass(async () => {
        const key = endedSessionKey(id);
        const leftMs = Math.max(1, Math.ceil(until - options.now()));
        await admin.ask(client => client.set(key, '', 'PX', leftMs));
        await acknowledge(admin, key, limits);
      }),
    isSessionEnded: id =>
      gate.pass(async () => {
        const isEnded = (await getKey(endedSessionKey(id))) !== null;
        if (!isEnded) await identity.confirmAbsence();
        return isEnded;
      }),
    async close() {
      stopSweeping();
      await feed.close();
      await gate.close();
      watch.stop();
      beat.stop();
      stopWatchingFailover();
      for (const end of connections) end();
    },
  };
}

/** Waiting for replicas holds up its whole connection, and a long list must not hold up a read. */
function clientsOf(target: RedisAddress, limits: RedisLimits) {
  const use = (name: string, commandTimeoutMs: number) =>
    redisClient(target, { name, commandTimeoutMs }, limits);
  return {
    reader: use('usher-read', limits.readTimeoutMs),
    administrator: use('usher-admin', limits.adminTimeoutMs + limits.ackTimeoutMs),
  };
}

/** What was connected, heard or emptied anew may hold another store. */
function doubtAfterLoss(identity: StoreIdentity, reader: RedisClient, feed: Feed): void {
  reader.on('close', identity.doubt);
  reader.on('+node', (node: RedisClient) => void node.on('close', identity.doubt));
  feed.listen({ changed: () => undefined, changedAll: identity.doubt });
}

/** Resolves when all have connected or failed to, or when it has waited long enough. */
async function firstOutcome(clients: RedisClient[], waitMs: number): Promise<void> {
  const outcomes = clients.map(
    client =>
      new Promise<void>(resolve => {
        client.once('ready', resolve);
        client.once('close', resolve);
      }),
  );
  let timer: NodeJS.Timeout | undefined;
  const waited = new Promise<void>(resolve => {
    timer = setTimeout(resolve, waitMs);
  });
  await Promise.race([Promise.all(outcomes), waited]);
  clearTimeout(timer);
}

/** Does something again and again until it is stopped; what fails is done the next time. */
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

/** A gate that, once it is closing, lets nobody in and waits for those inside. */
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
    /** For what may be answered at once, from memory. */
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
