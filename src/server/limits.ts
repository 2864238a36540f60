/**
 * The limits of every room, from the settings. Only the settings table has defaults. A limit that
 * has no setting is derived here from one that has, or is fixed in its room.
 */

import type { CacheLimits } from '../caching/weighed-cache.ts';
import { fixedSharingLimits, type SharingLimits } from '../limiting/limits.ts';
import { fixedManagerLimits, type ManagerLimits } from '../manager/limits.ts';
import type { Config } from '../settings/config.ts';
import { fixedCoherentLimits } from '../store/cache/limits.ts';
import { fixedLmdbLimits } from '../store/lmdb/limits.ts';
import type { StoreLimits } from '../store/open.ts';
import { fixedRedisLimits, type RedisLimits } from '../store/redis/limits.ts';
import { fixedJobLimits, type JobLimits } from '../tokens/jobs/limits.ts';
import {
  type ChangeLimits,
  type DirectoryLimits,
  fixedChangeLimits,
  fixedDirectoryLimits,
  fixedGuessLimits,
  fixedRetentionLimits,
  fixedSumLimits,
  fixedUsageLimits,
  type GuessLimits,
  type RetentionLimits,
  type SumLimits,
  type UsageLimits,
  usageCountBytes,
} from '../tokens/limits.ts';
import { fixedHttpLimits, type HttpLimits } from '../transport/http/limits.ts';
import type { GrpcLimits } from '../transport/rpc/grpc-limits.ts';
import { changeBytes, fixedWatchLimits, type WatchLimits } from '../transport/services/limits.ts';
import type { TlsLimits } from '../transport/tls/listener-tls.ts';
import type { VerifyLimits } from '../verify/limits.ts';
import { fixedWebhookLimits, type WebhookLimits } from '../webhooks/limits.ts';
import { divideMemory, type MemoryMetric, type MemoryShares } from './memory.ts';

/** The limits of every room. */
export interface Limits {
  verify: VerifyLimits;
  /** Of proven headers. */
  proofs: CacheLimits;
  /** Of opened secrets of jwt access tokens. */
  openedKeys: CacheLimits;
  changes: ChangeLimits;
  directory: DirectoryLimits;
  sums: SumLimits;
  guesses: GuessLimits;
  retention: RetentionLimits;
  usage: UsageLimits;
  jobs: JobLimits;
  /** Of counting against the limits of access tokens. */
  limiting: SharingLimits & { bytesMax: number };
  store: StoreLimits;
  watch: WatchLimits;
  http: HttpLimits;
  grpc: GrpcLimits;
  tls: TlsLimits;
  manager: ManagerLimits;
  webhooks: WebhookLimits;
}

/** The limits for these settings. */
export function limitsOf(config: Config, memoryMetric: MemoryMetric = () => undefined): Limits {
  const memory = divideMemory(config.memoryMb);
  const bounds = (what: keyof MemoryShares): CacheLimits => ({
    bytesMax: memory[what],
    entriesMax: config.cacheEntriesMax,
    meter: heldBytes => memoryMetric(what, heldBytes, memory[what]),
  });
  return {
    verify: {
      headerBytesMax: config.headerBytesMax,
      claimsDepthMax: config.claimsDepthMax,
      clockSkewSecondsMax: config.clockSkewSecondsMax,
      cacheTtlMsMax: config.cacheTtlMsMax,
      leaseMs: config.leaseMs,
    },
    proofs: bounds('provenHeaders'),
    openedKeys: bounds('openedKeys'),
    changes: { ...fixedChangeLimits, revokedJwtsMax: config.revokedJwtsMax },
    directory: { ...fixedDirectoryLimits, bytesMax: config.listMemoryMb * 1024 * 1024 },
    sums: { ...fixedSumLimits, kindsMax: config.auditKindsMax },
    guesses: {
      ...fixedGuessLimits,
      perMinuteMax: config.guessesPerMinuteMax,
      atOnceMax: config.guessesAtOnceMax,
      bytesMax: memory.guesses,
    },
    retention: { ...fixedRetentionLimits, days: config.auditDays },
    usage: { ...fixedUsageLimits, pendingMax: Math.floor(memory.usage / usageCountBytes) },
    jobs: {
      ...fixedJobLimits,
      actsPerSecond: config.jobActsPerSecond,
      days: config.jobDays,
    },
    limiting: { ...fixedSharingLimits, syncMs: config.limitsSyncMs, bytesMax: memory.limits },
    store: storeLimits(config, bounds),
    watch: {
      ...fixedWatchLimits,
      changesBacklogMax: Math.floor(memory.changesBacklog / changeBytes),
      watchersMax: config.watchersMax,
      watchersPerCallerMax: config.watchersPerCallerMax ?? Math.ceil(config.watchersMax / 2),
      leaseMs: config.leaseMs,
      heartbeatMs: Math.floor(config.leaseMs / 8),
    },
    http: httpLimits(config, memory),
    grpc: grpcLimits(config, memory),
    tls: {
      handshakeMs: config.firstByteMs,
      handshakeBytesMax: config.tlsHandshakeBytesMax,
      resumptionSeconds: Math.floor(config.tlsResumptionMs / 1000),
    },
    manager: {
      ...fixedManagerLimits,
      sessionLifetimeMs: config.sessionMsMax,
      sessionIdleMs: config.sessionIdleMs,
      signInBodyBytesMax: config.headerBytesMax + otherFieldsBytes,
    },
    webhooks: webhookLimits(config),
  };
}

function webhookLimits(config: Config): WebhookLimits {
  const [hourMs, dayMs] = [3_600_000, 86_400_000];
  const { webhooksMax, webhookTimeoutMs: timeoutMs } = config;
  return {
    ...fixedWebhookLimits,
    ...{ webhooksMax, timeoutMs },
    // Some looks fit into it.
    leaseMs: Math.max(3 * fixedWebhookLimits.tickMs, 5 * config.leaseMs),
    // A second is left for the answer to the caller that waits.
    askedTimeoutMs: Math.max(100, Math.min(timeoutMs, config.deadlineMs - 1000)),
    retryMs: config.webhookRetryHours * hourMs,
    disableMs: config.webhookDisableDays * dayMs,
    historyMs: config.webhookHistoryDays * dayMs,
  };
}

function storeLimits(
  config: Config,
  bounds: (what: keyof MemoryShares) => CacheLimits,
): StoreLimits {
  const { leaseMs } = config;
  return {
    lmdb: { ...fixedLmdbLimits, leaseMs },
    redis: { ...fixedRedisLimits, ...redisTimeouts(config), leaseMs },
    cache: {
      ...fixedCoherentLimits,
      records: bounds('records'),
      lastRecords: bounds('lastRecords'),
      unknownIds: bounds('unknownIds'),
      imported: bounds('imported'),
      lastImported: bounds('lastImported'),
      notImported: bounds('notImported'),
      staleMaxMs: config.staleMaxMs,
    },
  };
}

type RedisTimeouts = Omit<RedisLimits, keyof typeof fixedRedisLimits | 'leaseMs'>;

/**
 * USHER_STORE_TIMEOUT_MS limits reads; every other step has at least as long. A short timeout makes
 * verdicts fail sooner, and does not shorten the time for changes.
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
    // Four in a lease: three of them may be lost before it ends.
    heartbeatMs: Math.floor(leaseMs / 4),
    feedPingMs: Math.floor(leaseMs / 4),
    // Replicas that knew what was in an emptied store notice it within a lease, and note its loss.
    claimWaitMs: leaseMs,
  };
}

/** The limits that HTTP and gRPC listeners share. */
function listenerLimits(config: Config, { requestBytes }: MemoryShares) {
  // Long requests have long answers; a short one, such as for a page of a list, can have one too.
  const sendBytesMax = Math.max(grpcMessageBytes, config.messageBytesMax);
  // The longest answer, and what its stream and others take beside it.
  const connectionBytesMax = Math.max(config.unreadBytesMax, 2 * sendBytesMax);
  return {
    connectionsMax: config.connectionsMax,
    connectionsPerSourceMax: config.connectionsPerSourceMax ?? Math.ceil(config.connectionsMax / 4),
    unread: {
      connectionBytesMax,
      processBytesMax: Math.max(config.unreadBytesTotalMax, connectionBytesMax),
    },
    // While one of the longest requests arrives, there is room for others.
    requestBytesMax: Math.max(requestBytes, 2 * config.messageBytesMax),
    connectionIdleMs: config.connectionIdleMs,
    connectionAgeMs: config.connectionAgeMs,
    receiveBytesMax: config.messageBytesMax,
    sendBytesMax,
    deadlineMs: config.deadlineMs,
    deadlineMsMax: config.deadlineMsMax,
  };
}

/** The largest message that gRPC clients accept by default, in bytes. */
const grpcMessageBytes = 4_194_304;
/** Space for the other fields of a body besides a token. */
const otherFieldsBytes = 8192;
/** How long a caller may take to read the last bytes of an answer. */
const lastBytesMs = 90_000;

function httpLimits(config: Config, memory: MemoryShares): HttpLimits {
  const { headerBytesMax, otherHeadersBytesMax, firstByteMs, deadlineMs, deadlineMsMax } = config;
  return {
    ...fixedHttpLimits,
    ...listenerLimits(config, memory),
    headerBytesMax: headerBytesMax + otherHeadersBytesMax,
    // Percent-encoding can make each byte of the token three.
    formBytesMax: 3 * headerBytesMax + otherFieldsBytes,
    headersMs: firstByteMs,
    // The time for the headers, then the time of a call for the body.
    requestMs: firstByteMs + deadlineMs,
    // A connection is silent while its longest call is in progress.
    silenceMs: deadlineMsMax + lastBytesMs,
  };
}

function grpcLimits(config: Config, memory: MemoryShares): GrpcLimits {
  return {
    ...listenerLimits(config, memory),
    prefaceMs: config.firstByteMs,
    // What is on its way when the listener stops arrives by then: a quarter of a second by default.
    stopPrefaceMs: Math.ceil(config.firstByteMs / 20),
    // Long enough for a peer on the other side of the world: a second by default.
    lastWordMs: Math.ceil(config.firstByteMs / 5),
    headerBytesMax: config.headerBytesMax + config.otherHeadersBytesMax,
    headerFieldsMax: config.headerFieldsMax,
    streamsPerConnectionMax: config.streamsMax,
    framesPerSecondMax: config.http2FramesMax,
    keepaliveMs: config.keepaliveMs,
    // Long enough for a caller whose process pauses.
    keepaliveTimeoutMs: Math.ceil(config.keepaliveMs / 3),
    // Enough for the longest call that began before the connection got old.
    connectionAgeGraceMs: config.deadlineMsMax,
  };
}
