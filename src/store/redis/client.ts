/** Makes the ioredis clients: they fail fast, and come back by themselves. */

import { Cluster, Redis, type RedisOptions } from 'ioredis';
import type { RedisAddress } from '../address.ts';
import type { RedisLimits } from './limits.ts';

/** A client of a single server (found through Sentinels or not), or of a Cluster. */
export type RedisClient = Redis | Cluster;

/** How a client is used. */
export interface ClientUse {
  /** Shown in Redis' list of clients. */
  name: string;
  commandTimeoutMs: number;
}

/** Makes a client, which doesn't connect yet. */
export function redisClient(
  target: RedisAddress,
  use: ClientUse,
  limits: RedisLimits,
): RedisClient {
  const client =
    target.topology === 'cluster'
      ? clusterClient(target, use, limits)
      : new Redis(singleOptions(target, use, limits));
  // Every failure reaches whoever asked; an 'error' event that nobody hears would end the process.
  client.on('error', () => undefined);
  return client;
}

/** A client for the feed of a server, which its owner makes anew when it ends. */
export function feedClient(target: RedisAddress, server: Redis, limits: RedisLimits): Redis {
  const use = { name: 'usher-feed', commandTimeoutMs: limits.connectTimeoutMs };
  const { host, port } = server.options;
  const options =
    target.topology === 'cluster'
      ? { ...common(target, use, limits), ...(host ? { host } : {}), ...(port ? { port } : {}) }
      : singleOptions(target, use, limits);
  const client = new Redis({
    ...options,
    retryStrategy: () => null,
    reconnectOnError: () => false,
  });
  client.on('error', () => undefined);
  return client;
}

/**
 * Connects a client, and again should it ever end: ioredis gives up when it is told to reconnect while
 * it asks the Sentinels. Returns the function that ends it for good.
 */
export function keepConnected(client: RedisClient, limits: RedisLimits): () => void {
  let attempt = 0;
  let timer: NodeJS.Timeout | undefined;
  const connect = () => void client.connect().catch(() => undefined);
  const again = () => {
    attempt++;
    timer = setTimeout(connect, pause(attempt, limits)).unref();
  };
  client.on('ready', () => {
    attempt = 0;
  });
  client.on('end', again);
  connect();
  return () => {
    client.off('end', again);
    clearTimeout(timer);
    client.disconnect();
  };
}

/** The servers that hold the records: one, or the masters of a Cluster. */
export function masters(client: RedisClient): Redis[] {
  return client instanceof Cluster ? client.nodes('master') : [client];
}

/** What a server of a Cluster is told by. */
export function nameOf(server: Redis): string {
  return `${server.options.host}:${server.options.port}`;
}

function common(target: RedisAddress, use: ClientUse, limits: RedisLimits) {
  return {
    ...(target.username === undefined ? {} : { username: target.username }),
    ...(target.password === undefined ? {} : { password: target.password }),
    ...(target.tls ? { tls: {} } : {}),
    protocol: 2 as const,
    replyMapping: 'legacy' as const,
    connectionName: use.name,
    connectTimeout: limits.connectTimeoutMs,
    commandTimeout: use.commandTimeoutMs,
    socketTimeout: Math.max(limits.socketTimeoutMs, use.commandTimeoutMs),
    disconnectTimeout: limits.disconnectTimeoutMs,
    keepAlive: limits.keepAliveMs,
    noDelay: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    enableReadyCheck: true,
    maxLoadingRetryTime: limits.loadingDelayMsMax,
    // What it keeps of each command until the next turn makes the pauses of the GC five times as long.
    enableAutoPipelining: false,
    retryStrategy: (attempt: number) => pause(attempt, limits),
    reconnectOnError: (error: Error) => /^(READONLY|MASTERDOWN|NOAUTH)/.test(error.message),
    lazyConnect: true,
  } satisfies RedisOptions;
}

/** With where the server is, or who knows where. */
function singleOptions(target: RedisAddress, use: ClientUse, limits: RedisLimits) {
  const options = common(target, use, limits);
  if (target.topology === 'single') {
    return { ...options, ...target.nodes[0], db: target.database };
  }
  return {
    ...options,
    sentinels: target.nodes,
    name: target.masterName,
    role: 'master' as const,
    failoverDetector: false,
    updateSentinels: true,
    sentinelCommandTimeout: limits.adminTimeoutMs,
    sentinelRetryStrategy: (attempt: number) => pause(attempt, limits),
    ...(target.sentinelUsername === undefined ? {} : { sentinelUsername: target.sentinelUsername }),
    ...(target.sentinelPassword === undefined ? {} : { sentinelPassword: target.sentinelPassword }),
    ...(target.tls ? { enableTLSForSentinelMode: true, sentinelTLS: {} } : {}),
  };
}

function clusterClient(target: RedisAddress, use: ClientUse, limits: RedisLimits): Cluster {
  const { retryStrategy: _, enableOfflineQueue: __, ...options } = common(target, use, limits);
  return new Cluster(target.nodes, {
    redisOptions: options,
    lazyConnect: true,
    enableOfflineQueue: false,
    enableReadyCheck: true,
    scaleReads: 'master',
    // In a Cluster a pipeline waits for the slot table without any bound.
    enableAutoPipelining: false,
    maxRedirections: limits.clusterAttemptsMax,
    retryDelayOnFailover: limits.clusterRetryDelayMs,
    retryDelayOnClusterDown: limits.clusterRetryDelayMs,
    retryDelayOnTryAgain: limits.clusterRetryDelayMs,
    slotsRefreshInterval: limits.clusterRefreshMs,
    slotsRefreshTimeout: limits.clusterRefreshTimeoutMs,
    clusterRetryStrategy: attempt => pause(attempt, limits),
    // A node is given up in the end: when all are, the addresses of the URL are looked up again.
    clusterNodeRetryStrategy: attempt =>
      attempt > limits.clusterNodeAttemptsMax ? null : pause(attempt, limits),
    // A certificate names a host, so the name is kept and not its address.
    ...(target.tls ? { dnsLookup: (host, done) => done(null, host) } : {}),
  });
}

/** The pause before an attempt; a little chance keeps replicas from coming all at once. */
export function pause(attempt: number, limits: RedisLimits): number {
  const delayMs = 50 * 2 ** Math.min(attempt - 1, 10);
  return Math.min(delayMs, limits.reconnectDelayMsMax) + Math.random() * 100;
}
