/**
 * The limits of every room, from the settings. Defaults stand in the settings table alone; a limit
 * without a setting of its own follows here from one that has, or is among its room's fixed ones.
 */

import type { CacheLimits } from '../caching/weighed-cache.ts';
import { fixedManagerLimits, type ManagerLimits } from '../manager/limits.ts';
import type { Config } from '../settings/config.ts';
import { fixedCoherentLimits } from '../store/cache/limits.ts';
import { fixedLmdbLimits } from '../store/lmdb/limits.ts';
import type { StoreLimits } from '../store/open.ts';
import { fixedRedisLimits, type RedisLimits } from '../store/redis/limits.ts';
import {
  type ChangeLimits,
  fixedChangeLimits,
  fixedUsageLimits,
  type UsageLimits,
  usageCountBytes,
} from '../tokens/limits.ts';
import { fixedGrpcLimits, type GrpcLimits } from '../transport/grpc/limits.ts';
import { fixedHttpLimits, type HttpLimits } from '../transport/http/limits.ts';
import { changeBytes, fixedWatchLimits, type WatchLimits } from '../transport/services/limits.ts';
import type { VerifyLimits } from '../verify/limits.ts';
import { divideMemory, type MemoryShares } from './memory.ts';

/** The limits of every room. */
export interface Limits {
  verify: VerifyLimits;
  /** Of proven headers. */
  proofs: CacheLimits;
  /** Of opened secrets of jwt access tokens. */
  openedKeys: CacheLimits;
  changes: ChangeLimits;
  usage: UsageLimits;
  store: StoreLimits;
  watch: WatchLimits;
  http: HttpLimits;
  grpc: GrpcLimits;
  manager: ManagerLimits;
}

/** Works them out. */
export function limitsOf(config: Config): Limits {
  const memory = divideMemory(config.memoryMb);
  const bounds = (bytesMax: number) => ({ bytesMax, entriesMax: config.cacheEntriesMax });
  return {
    verify: {
      headerBytesMax: config.headerBytesMax,
      claimsDepthMax: config.claimsDepthMax,
      iatSkewSecondsMax: config.iatSkewSecondsMax,
      cacheTtlMsMax: config.cacheTtlMsMax,
      leaseMs: config.leaseMs,
    },
    proofs: bounds(memory.provenHeaders),
    openedKeys: bounds(memory.openedKeys),
    changes: { ...fixedChangeLimits, revokedJwtsMax: config.revokedJwtsMax },
    usage: { ...fixedUsageLimits, pendingMax: Math.floor(memory.usage / usageCountBytes) },
    store: storeLimits(config, memory),
    watch: {
      ...fixedWatchLimits,
      changesBacklogMax: Math.floor(memory.changesBacklog / changeBytes),
      watchersMax: config.watchersMax,
      leaseMs: config.leaseMs,
      heartbeatMs: Math.floor(config.leaseMs / 8),
    },
    http: httpLimits(config),
    grpc: grpcLimits(config),
    manager: {
      ...fixedManagerLimits,
      sessionLifetimeMs: config.sessionMsMax,
      sessionIdleMs: config.sessionIdleMs,
      signInBodyBytesMax: config.headerBytesMax + otherFieldsBytes,
    },
  };
}

function storeLimits(config: Config, memory: MemoryShares): StoreLimits {
  const { leaseMs, cacheEntriesMax } = config;
  const bounds = (bytesMax: number) => ({ bytesMax, entriesMax: cacheEntriesMax });
  return {
    lmdb: { ...fixedLmdbLimits, leaseMs },
    redis: { ...fixedRedisLimits, ...redisTimeouts(config), leaseMs },
    cache: {
      ...fixedCoherentLimits,
      records: bounds(memory.records),
      lastRecords: bounds(memory.lastRecords),
      unknownIds: bounds(memory.unknownIds),
      imported: bounds(memory.imported),
      lastImported: bounds(memory.lastImported),
      notImported: bounds(memory.notImported),
      staleMaxMs: config.staleMaxMs,
    },
  };
}

type RedisTimeouts = Omit<RedisLimits, keyof typeof fixedRedisLimits | 'leaseMs'>;

/**
 * USHER_STORE_TIMEOUT_MS says how slow Redis may be: nothing else has less time than a read. A short
 * one makes verdicts fail soon, and takes no time from changes.
 */
function redisTimeouts({ storeTimeoutMs, storeAckReplicas, leaseMs }: Config): RedisTimeouts {
  return {
    readTimeoutMs: storeTimeoutMs,
    connectTimeoutMs: Math.max(500, storeTimeoutMs),
    adminTimeoutMs: Math.max(1000, storeTimeoutMs),
    socketTimeoutMs: Math.max(1000, storeTimeoutMs),
    clusterRefreshTimeoutMs: Math.max(500, storeTimeoutMs),
    ackReplicas: storeAckReplicas,
    ackTimeoutMs: Math.max(500, storeTimeoutMs),
    // Four in a lease: three may be lost before it ends.
    heartbeatMs: Math.floor(leaseMs / 4),
    feedPingMs: Math.floor(leaseMs / 4),
  };
}

/** What both kinds of listeners have. */
function listenerLimits(config: Config) {
  return {
    connectionsMax: config.connectionsMax,
    connectionIdleMs: config.connectionIdleMs,
    connectionAgeMs: config.connectionAgeMs,
    receiveBytesMax: config.messageBytesMax,
    // A long request has a long answer; a short one can have one too, such as a page of a list.
    sendBytesMax: Math.max(grpcMessageBytes, config.messageBytesMax),
    deadlineMs: config.deadlineMs,
    deadlineMsMax: config.deadlineMsMax,
  };
}

/** What every gRPC client takes by default. */
const grpcMessageBytes = 4_194_304;
/** Room for a request line and all headers other than the longest Authorization. */
const otherHeadersBytes = 16_384;
/** Room for what a body holds besides a token. */
const otherFieldsBytes = 8192;
/** How long the last bytes of an answer may take a caller. */
const lastBytesMs = 90_000;

function httpLimits(config: Config): HttpLimits {
  const { headerBytesMax, firstByteMs, deadlineMs, deadlineMsMax } = config;
  return {
    ...fixedHttpLimits,
    ...listenerLimits(config),
    headerBytesMax: headerBytesMax + otherHeadersBytes,
    // Each byte of the longest token can be percent-encoded, and then is three.
    formBytesMax: 3 * headerBytesMax + otherFieldsBytes,
    headersMs: firstByteMs,
    // Its headers, and then its body within the time of a call.
    requestMs: firstByteMs + deadlineMs,
    // Nothing moves while the longest call is worked on.
    silenceMs: deadlineMsMax + lastBytesMs,
  };
}

function grpcLimits(config: Config): GrpcLimits {
  return {
    ...fixedGrpcLimits,
    ...listenerLimits(config),
    prefaceMs: config.firstByteMs,
    streamsPerConnectionMax: config.streamsMax,
    // The longest call that has begun on an old connection ends there.
    connectionAgeGraceMs: config.deadlineMsMax,
  };
}
