/** The Redis store, which replicas of Usher share: a single server, Sentinels, or a Cluster. */

import type { RedisAddress } from '../address.ts';
import type { ChainedEvent } from '../audit.ts';
import { createCoherentReader } from '../cache/coherent.ts';
import type { CoherentLimits } from '../cache/limits.ts';
import type { StateFile } from '../continuity/state-file.ts';
import { tailLimits } from '../continuity/tail.ts';
import type { OnBrokenRecord, RecordSeal } from '../seal.ts';
import { type Store, StoreMismatch, Unavailable } from '../store.ts';
import { asker } from './ask.ts';
import { redisAudit } from './audit.ts';
import { keepConnected, type RedisClient, redisClient } from './client.ts';
import { clockSkew } from './clock-skew.ts';
import { closable } from './closable.ts';
import { acknowledge, presence, readRequest, redisCommitter } from './commit.ts';
import { warnOfConfiguration } from './configuration.ts';
import { watchDegraded } from './degraded.ts';
import { followFailover } from './failover.ts';
import { type RedisFeed, redisFeed } from './feed/feed.ts';
import { masterGet, plainGet } from './get.ts';
import { followFeed, redisGuard } from './guard.ts';
import { redisHealth } from './health.ts';
import { redisHeartbeat } from './heartbeat.ts';
import { redisImported } from './imported.ts';
import { createdKey, endedSessionKey, ownerKey, requestKey } from './keys.ts';
import type { RedisLimits } from './limits.ts';
import { readToken, scanTokens } from './list.ts';
import { nodeFault } from './node-fault.ts';
import { redisRecords } from './records.ts';
import { repeat } from './repeat.ts';
import { redisSchema } from './schema.ts';
import { redisSigner } from './sign-records.ts';
import { redisTransfer } from './transfer.ts';
import { redisUsage } from './usage.ts';

/** Options of openRedis. */
export interface RedisStoreOptions {
  /** The current time in milliseconds since 1970. */
  now: () => number;
  /** Called with a warning for the operator, such as a configuration that may lose data. */
  onWarning?: (message: string) => void;
  /** Remembers the head of the log over a restart; absent for not. */
  stateFile?: StateFile | undefined;
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
  warnOfConfiguration(administrator, onWarning);
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
      const why = await guard.whyNot();
      // Only now the store is known to be the one that it was, and may be written to.
      return why ?? ((await schema.isFit()) ? undefined : schema.mismatch);
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
    () => guard.continuity.isSure(),
    onWarning,
  );
  const records = redisRecords(options.seal, schema, options.onBroken ?? (() => undefined));
  const linked = (entry: ChainedEvent) => guard.continuity.appended(entry);
  const audit = redisAudit(admin, limits, {
    // An entry that may be lost, and that no replica would remember, is not acknowledged.
    linked(entry) {
      if (!linked(entry)) throw new Unavailable('the store lost entries of its log');
    },
    shorter: sequence => guard.continuity.mayEndAt(sequence),
  });
  const committer = redisCommitter(admin, audit, records, limits);
  const log = redisAudit(reads, limits);
  const isCluster = target.topology === 'cluster';
  let following: RedisFeed | undefined;
  const decided = Promise.withResolvers<void>();
  const guard = redisGuard(
    { reads, admin, log, records, limits, linked, isCluster },
    {
      limits: { ...limits, ...tailLimits(limits) },
      now: options.now,
      monotonicMs,
      stateFile: options.stateFile,
      report(what, detail) {
        if (what === 'lost changes') redisState.health.degrade('lost', detail);
        else if (detail !== undefined) redisState.refused(detail);
      },
      onEmptied: () => following?.forget(),
      onChange(isSure) {
        decided.resolve();
        if (isSure) {
          following?.resume();
          void redisState.ping();
        } else {
          following?.suspend();
        }
      },
    },
    onWarning,
  );
  const sweep = async () => {
    await guard.confirm();
    await committer.sweep();
  };
  const stopSweeping = repeat(sweep, limits.sweepIntervalMs);
  administrator.on('ready', () => void sweep().catch(() => undefined));
  const gate = closable();
  const usage = redisUsage(admin, limits, isCluster, gate.isClosed);
  const getKey = guard.guarded(
    isCluster ? plainGet(reads) : masterGet(reads, redisState, limits.leaseMs),
  );
  const get = (id: string) => gate.pass(() => readToken(getKey, records, id));
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
  await redisState.ping();
  const { continuity } = guard;
  const end = async () => {
    stopSweeping();
    const stopped = continuity.stop();
    redisState.stop();
    heartbeat.stop();
    stopFollowingFailover();
    for (const disconnect of connections) disconnect();
    await stopped;
  };
  if (schema.mismatch !== undefined) {
    await end();
    throw new StoreMismatch(schema.mismatch);
  }
  const followed = { target, reader, log, heartbeat, guard };
  const feed = redisFeed(followed, limits, monotonicMs, onWarning);
  following = feed;
  followFeed(guard, feed);
  if (clients.some(({ status }) => status === 'ready')) {
    await within(decided.promise, limits.openWaitMs + limits.claimWaitMs);
    // What was unknown at the first ping may be known now.
    await redisState.ping();
  }
  const { health, mastersAnswering } = redisState;
  const stopWatching = watchDegraded(
    { reader, administrator, feed, mastersAnswering },
    health,
    limits,
  );
  const imported = redisImported({ get: getKey, admin, records }, feed, limits, monotonicMs, cache);
  const transfer = redisTransfer(admin, records, schema);
  const signer = redisSigner(admin, records, schema, limits);

  return {
    health,
    feed,
    clockSkewMs: skew.ms,
    get,
    ...createCoherentReader({ get: getWhole }, feed, monotonicMs, cache),
    scan: scan => read(() => scanTokens(admin, records, scan)),
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
    settle: tokenId => write(() => committer.settle(tokenId)),
    signRecords: ids => write(() => signer.signRecords(ids)),
    signImported: () => write(() => signer.signImported()),
    endMigration: () => write(() => signer.endMigration()),
    ...transfer,
    async beginRestore() {
      await transfer.beginRestore();
      // What is written afterwards is guarded: the store that is restored is now the known one.
      await continuity.whyNot();
      await continuity.look();
    },
    importedForms: () => gate.passNow(() => imported.importedForms()),
    findImported: digest => gate.passNow(() => imported.findImported(digest)),
    reserveImported: (forms, entries) => write(() => imported.reserveImported(forms, entries)),
    settleImported: digests => write(() => imported.settleImported(digests)),
    append: event => write(() => audit.append(event)),
    events: scan => gate.pass(async () => audit.events(scan)),
    head: () => gate.pass(async () => audit.head()),
    removeEvents: (upTo, limit) => write(() => audit.removeEvents(upTo, limit)),
    addUsage: deltas => write(() => usage.addUsage(deltas)),
    usage: ids => gate.pass(async () => usage.usage(ids)),
    endSession: (id, until) =>
      write(async () => {
        const key = endedSessionKey(id);
        const leftMs = Math.max(1, Math.ceil(until - options.now()));
        await admin.ask(client => client.set(key, '', 'PX', leftMs));
        await acknowledge(admin, limits, presence(key));
      }),
    isSessionEnded: id => gate.pass(async () => (await getKey(endedSessionKey(id))) !== null),
    storeStatus: continuity.storeStatus,
    acceptStore: by => gate.pass(() => continuity.acceptStore(by)),
    async close() {
      stopSweeping();
      stopWatching();
      await feed.close();
      await gate.close();
      await end();
    },
  };
}

const tooFewReplicas =
  'too few Redis replicas acknowledge to its master, which may have been deposed: start them, or ' +
  'set USHER_STORE_ACK_REPLICAS lower';

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
  let timer: NodeJS.Timeout | undefined;
  const waited = new Promise<void>(resolve => {
    timer = setTimeout(resolve, waitMs);
  });
  await Promise.race([promise, waited]);
  clearTimeout(timer);
}
