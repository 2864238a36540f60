/** Puts the parts of the Redis store together. Nothing is read or written yet. */

import { createClock } from '../../caching/clock.ts';
import type { RedisAddress } from '../address.ts';
import type { ChainedEvent } from '../audit.ts';
import type { ContinuityDeps } from '../continuity/continuity.ts';
import { tailLimits } from '../continuity/tail.ts';
import { Unavailable } from '../store.ts';
import { type Asker, asker } from './ask.ts';
import { type RedisAudit, redisAudit } from './audit.ts';
import { type RedisClient, redisClient } from './client.ts';
import { type ClockSkew, clockSkew } from './clock-skew.ts';
import { type RedisCommitter, redisCommitter } from './commit.ts';
import { warnOfConfiguration } from './configuration.ts';
import { type RedisDocuments, redisDocuments } from './documents.ts';
import type { RedisFeed } from './feed/feed.ts';
import { type RedisGuard, redisGuard } from './guard.ts';
import { type RedisHealth, redisHealth } from './health.ts';
import { type RedisHeartbeat, redisHeartbeat } from './heartbeat.ts';
import type { RedisLimits } from './limits.ts';
import { nodeFault } from './node-fault.ts';
import { type RedisRecords, redisRecords } from './records.ts';
import { type RedisSchema, redisSchema } from './schema.ts';
import type { RedisStoreOptions } from './store.ts';

/** The clients, and what decides whether they may be used. */
interface Connections {
  reader: RedisClient;
  administrator: RedisClient;
  heartbeat: RedisHeartbeat;
  skew: ClockSkew;
  state: RedisHealth;
  schema: RedisSchema;
  /** Reads for verification. */
  reads: Asker;
  /** Makes changes, and reads for administrators. */
  admin: Asker;
}

/** What reads and writes through them. */
interface Work {
  records: RedisRecords;
  audit: RedisAudit;
  /** The log on the connection of `reads`. */
  log: RedisAudit;
  committer: RedisCommitter;
  documents: RedisDocuments;
  guard: RedisGuard;
  /** Resolves once it is known whether the store is what it was. */
  decided: Promise<void>;
  /** The guard suspends and resumes this feed from now on. */
  follow(feed: RedisFeed): void;
}

/** All parts. */
export interface RedisParts extends Connections, Work {
  target: RedisAddress;
  isCluster: boolean;
  monotonicMs: () => number;
  onWarning: (message: string) => void;
}

/** Creates them. */
export function redisParts(target: RedisAddress, options: RedisStoreOptions): RedisParts {
  const common = {
    target,
    isCluster: target.topology === 'cluster',
    // A lease must not outlast the sleep of a suspended machine.
    monotonicMs: createClock(),
    onWarning: options.onWarning ?? (() => undefined),
  };
  const connections = connectionsOf(common, options, () => work.guard);
  const work = workOf(common, connections, options);
  return { ...common, ...connections, ...work };
}

type Common = Pick<RedisParts, 'target' | 'isCluster' | 'monotonicMs' | 'onWarning'>;

/** `guard` is called later, when the guard exists. */
function connectionsOf(
  { target, monotonicMs, onWarning }: Common,
  { limits, cache, seal, now }: RedisStoreOptions,
  guard: () => RedisGuard,
): Connections {
  const { reader, administrator } = clientsOf(target, limits);
  warnOfConfiguration(administrator, onWarning);
  const heartbeat = redisHeartbeat(target, reader, limits, monotonicMs);
  const skew = clockSkew(now);
  const whyNot = async () => {
    if (!heartbeat.isLive()) return tooFewReplicas;
    if (!(await schema.isFit())) return schema.mismatch;
    const why = await guard().whyNot();
    // Only now the store is known to be the one that it was, and may be written to.
    return why ?? ((await schema.isFit()) ? undefined : schema.mismatch);
  };
  const state = redisHealth(
    [reader, administrator],
    { pingIntervalMs: limits.pingIntervalMs, staleMaxMs: cache.staleMaxMs },
    monotonicMs,
    whyNot,
    skew,
    () => nodeFault(target, limits),
  );
  const isOther = (client: RedisClient) => state.unfit(client) ?? schema.mismatch;
  const isDeposed = () => (heartbeat.isLive() ? undefined : tooFewReplicas);
  const schema = redisSchema(
    asker(reader, state.failed, state.unfit),
    seal,
    () => guard().continuity.isSure(),
    onWarning,
  );
  const reads = asker(reader, state.failed, client => isOther(client) ?? isDeposed());
  const admin = asker(administrator, () => undefined, isOther);
  return { reader, administrator, heartbeat, skew, state, schema, reads, admin };
}

function workOf(
  { isCluster, monotonicMs, onWarning }: Common,
  { reads, admin, schema, state }: Connections,
  options: RedisStoreOptions,
): Work {
  const { limits, now, stateFile, seal, version, onBroken = () => undefined } = options;
  const records = redisRecords(seal, schema, onBroken);
  const linked = (entry: ChainedEvent) => guard.continuity.appended(entry);
  const audit = redisAudit(admin, limits, {
    // An entry that may be lost, and that no replica would remember, is not acknowledged.
    linked(entry) {
      if (!linked(entry)) throw new Unavailable('the store lost entries of its log');
    },
    shorter: sequence => guard.continuity.mayEndAt(sequence),
  });
  const log = redisAudit(reads, limits);
  const documents = redisDocuments(admin, audit, records, limits, now);
  const decided = Promise.withResolvers<void>();
  let following: RedisFeed | undefined;
  const guard = redisGuard(
    { reads, admin, log, records, documents, limits, seal, linked, isCluster },
    {
      limits: { ...limits, ...tailLimits(limits) },
      ...{ now, monotonicMs, stateFile, version },
      report: reportTo(state),
      onEmptied: () => following?.forget(),
      onLost: () => following?.forget(),
      onChange(isSure) {
        decided.resolve();
        if (!isSure) return following?.suspend();
        following?.resume();
        void state.ping();
      },
    },
    onWarning,
  );
  return {
    ...{ records, audit, log, guard, documents },
    committer: redisCommitter(admin, audit, records, limits),
    decided: decided.promise,
    follow(feed) {
      following = feed;
    },
  };
}

function reportTo(state: RedisHealth): ContinuityDeps['report'] {
  return (what, detail) => {
    if (what === 'lost changes') state.health.degrade('lost', detail);
    else if (detail !== undefined) state.refused(detail);
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
