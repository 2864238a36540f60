/** The Redis store, which replicas of Usher share: a single server, Sentinels, or a Cluster. */

import type { RedisAddress } from '../address.ts';
import type { Awaitable } from '../awaitable.ts';
import { createCoherentReader } from '../cache/coherent.ts';
import type { CoherentLimits } from '../cache/limits.ts';
import type { Feed } from '../feed.ts';
import type { OnBrokenRecord, RecordSeal } from '../seal.ts';
import { type Store, StoreMismatch, Unavailable } from '../store.ts';
import { asker } from './ask.ts';
import { redisAudit } from './audit.ts';
import { keepConnected, type RedisClient, redisClient } from './client.ts';
import { clockSkew } from './clock-skew.ts';
import { acknowledge, presence, readRequest, redisCommitter } from './commit.ts';
import { watchDegraded } from './degraded.ts';
import { followFailover } from './failover.ts';
import { redisFeed } from './feed/feed.ts';
import { masterGet, plainGet } from './get.ts';
import { redisHealth, warnOfEviction } from './health.ts';
import { redisHeartbeat } from './heartbeat.ts';
import { type StoreIdentity, storeIdentity } from './identity.ts';
import { redisImported } from './imported.ts';
import { createdKey, endedSessionKey, ownerKey, requestKey } from './keys.ts';
import type { RedisLimits } from './limits.ts';
import { readToken, scanTokens } from './list.ts';
import { nodeFault } from './node-fault.ts';
import { redisRecords } from './records.ts';
import { repeat } from './repeat.ts';
import { redisSchema } from './schema.ts';
import { signRecords } from './sign-records.ts';
import { redisTransfer } from './transfer.ts';
import { redisUsage } from './usage.ts';

/** Options of openRedis. */
export interface RedisStoreOptions {
  /** The current time in milliseconds since 1970. */
  now: () => number;
  /** Called with a warning for the operator, such as a configuration that may lose data. */
  onWarning?: (message: string) => void;
  /** Called for each record that is read and is not as Usher wrote it. */
  onBroken?: OnBrokenRecord;
  /** Signs and checks what the store holds. */
  seal: RecordSeal;
  limits: RedisLimits;
  cache: CoherentLimits;
}

/**
 * Opens the store. While Redis cannot be reached, the store is open but not up, and keeps trying.
 * Throws StoreMismatch when the store is not one for this version and these master keys; one that is
 * found later is not up.
 */
export async function openRedis(target: RedisAddress, options: RedisStoreOptions): Promise<Store> {
  const { limits, cache } = options;
  const { reader, administrator } = clientsOf(target, limits);
  const clients = [reader, administrator] as const;
  const onWarning = options.onWarning ?? (() => undefined);
  warnOfEviction(administrator, onWarning);
  const monotonicMs = () => performance.now();
  const heartbeat = redisHeartbeat(target, reader, limits, monotonicMs);
  const skew = clockSkew(options.now);
  const redisState = redisHealth(
    clients,
    { pingIntervalMs: limits.pingIntervalMs, staleMaxMs: cache.staleMaxMs },
    monotonicMs,
    async () => {
      if (!heartbeat.isLive()) return tooFewReplicas;
      if (!(await schema.isFit())) return schema.mismatch;
      return (await identity.isSame()) ? undefined : otherStore;
    },
    skew,
    () => nodeFault(target, limits),
  );
  const reads = asker(
    reader,
    redisState.failed,
    client =>
      redisState.unfit(client) ??
      schema.mismatch ??
      (heartbeat.isLive() ? undefined : tooFewReplicas),
  );
  const admin = asker(
    administrator,
    () => undefined,
    client => redisState.unfit(client) ?? schema.mismatch,
  );
  const schema = redisSchema(
    asker(reader, redisState.failed, redisState.unfit),
    options.seal,
    onWarning,
  );
  const records = redisRecords(options.seal, schema, options.onBroken ?? (() => undefined));
  const identity = storeIdentity(reads, onWarning);
  const audit = redisAudit(admin, limits);
  const committer = redisCommitter(admin, audit, records, limits);
  const usage = redisUsage(admin, limits);
  const stopSweeping = repeat(() => committer.sweep(), limits.sweepIntervalMs);
  administrator.on('ready', () => void committer.sweep().catch(() => undefined));
  const gate = closable();
  const getKey =
    target.topology === 'cluster' ? plainGet(reads) : masterGet(reads, redisState, limits.leaseMs);
  const get = (id: string) =>
    gate.pass(async () => {
      const record = await readToken(getKey, records, id);
      if (record === undefined) await identity.confirmAbsence();
      return record;
    });

  const connections = clients.map(client => keepConnected(client, limits));
  const stopFollowingFailover = followFailover(target, clients, limits);
  await firstOutcome(clients, limits.openWaitMs);
  await redisState.ping();
  const end = () => {
    stopSweeping();
    redisState.stop();
    heartbeat.stop();
    stopFollowingFailover();
    for (const disconnect of connections) disconnect();
  };
  if (schema.mismatch !== undefined) {
    end();
    throw new StoreMismatch(schema.mismatch);
  }
  const followed = { target, reader, log: redisAudit(reads, limits), heartbeat };
  const feed = redisFeed(followed, limits, monotonicMs, onWarning);
  doubtAfterLoss(identity, reader, feed);
  const { health, mastersAnswering } = redisState;
  const stopWatching = watchDegraded(
    { reader, administrator, feed, mastersAnswering },
    health,
    limits,
  );
  const imported = redisImported(
    { get: getKey, admin, identity },
    feed,
    limits,
    monotonicMs,
    cache,
  );

  return {
    health,
    feed,
    clockSkewMs: skew.ms,
    get,
    ...createCoherentReader({ get }, feed, monotonicMs, cache),
    scan: scan => gate.pass(() => scanTokens(admin, records, scan)),
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
    settle: tokenId => gate.pass(() => committer.settle(tokenId)),
    signRecords: ids => gate.pass(() => signRecords(admin, records, ids)),
    endMigration: () => gate.pass(() => schema.endMigration()),
    ...redisTransfer(admin, records, schema),
    importedForms: () => gate.passNow(() => imported.importedForms()),
    findImported: digest => gate.passNow(() => imported.findImported(digest)),
    reserveImported: (forms, entries) => gate.pass(() => imported.reserveImported(forms, entries)),
    append: event => gate.pass(() => audit.append(event)),
    events: scan => gate.pass(async () => audit.events(scan)),
    head: () => gate.pass(async () => audit.head()),
    removeEvents: (upTo, limit) => gate.pass(() => audit.removeEvents(upTo, limit)),
    addUsage: deltas => gate.pass(() => usage.addUsage(deltas)),
    usage: ids => gate.pass(async () => usage.usage(ids)),
    endSession: (id, until) =>
      gate.pass(async () => {
        const key = endedSessionKey(id);
        const leftMs = Math.max(1, Math.ceil(until - options.now()));
        await admin.ask(client => client.set(key, '', 'PX', leftMs));
        await acknowledge(admin, limits, presence(key));
      }),
    isSessionEnded: id =>
      gate.pass(async () => {
        const isEnded = (await getKey(endedSessionKey(id))) !== null;
        if (!isEnded) await identity.confirmAbsence();
        return isEnded;
      }),
    async close() {
      stopSweeping();
      stopWatching();
      await feed.close();
      await gate.close();
      end();
    },
  };
}

const tooFewReplicas =
  'too few Redis replicas acknowledge to its master, which may have been deposed: start them, or ' +
  'set USHER_STORE_ACK_REPLICAS lower';
const otherStore =
  'Redis came back empty, or holds another store: restore its data, or restart all replicas of ' +
  'Usher to accept it';

/** WAIT and long lists block a connection, so reads for verification have one of their own. */
function clientsOf(target: RedisAddress, limits: RedisLimits) {
  const use = (name: string, commandTimeoutMs: number) =>
    redisClient(target, { name, commandTimeoutMs }, limits);
  return {
    reader: use('usher-read', limits.readTimeoutMs),
    administrator: use('usher-admin', limits.adminTimeoutMs + limits.ackTimeoutMs),
  };
}

/** After a new connection, a loss of the feed or a flush, Redis may hold another store. */
function doubtAfterLoss(identity: StoreIdentity, reader: RedisClient, feed: Feed): void {
  reader.on('close', identity.doubt);
  reader.on('+node', (node: RedisClient) => void node.on('close', identity.doubt));
  feed.listen({ changed: () => undefined, changedAll: identity.doubt });
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
  let timer: NodeJS.Timeout | undefined;
  const waited = new Promise<void>(resolve => {
    timer = setTimeout(resolve, waitMs);
  });
  await Promise.race([Promise.all(outcomes), waited]);
  clearTimeout(timer);
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
