/** Creates the ioredis clients, which fail fast and reconnect. */

import { Cluster, Redis, type RedisOptions } from 'ioredis';
import type { RedisAddress } from '../address.ts';
import type { RedisLimits } from './limits.ts';
import './timers.ts';
import { tlsOptions } from './tls.ts';

/** A client of a single server (found through Sentinels or not), or of a Cluster. */
export type RedisClient = Redis | Cluster;

/** What a client is for. */
export interface ClientUse {
  /** Its name in CLIENT LIST. */
  name: string;
  /** Timeout per command, in milliseconds. */
  commandTimeoutMs: number;
}

/** Creates a client, which does not connect yet. */
export function redisClient(
  target: RedisAddress,
  use: ClientUse,
  limits: RedisLimits,
): RedisClient {
  const client =
    target.topology === 'cluster'
      ? clusterClient(target, use, limits)
      : new Redis(singleOptions(target, use, limits));
  onError(client);
  return client;
}

/**
 * Listens to 'error' events. Commands report each failure to their caller; an event without a
 * listener would end the process. ioredis goes on in database 0 when SELECT fails, which must not
 * be used instead of the configured one, so the connection ends before it is ready.
 */
function onError(client: RedisClient): void {
  client.on('error', (error: { command?: { name?: string } }) => {
    if (error.command?.name === 'select') client.disconnect(true);
  });
}

/** A client for one server's feed. It does not reconnect: its owner replaces it. */
export function feedClient(target: RedisAddress, server: Redis, limits: RedisLimits): Redis {
  return nodeClient(target, server.options, 'usher-feed', limits);
}

/**
 * A client for one connection, without a reconnect: to this node of a Cluster, or else to the
 * server that the address leads to.
 */
export function nodeClient(
  target: RedisAddress,
  { host, port }: Pick<RedisOptions, 'host' | 'port'>,
  name: string,
  limits: RedisLimits,
): Redis {
  const use = { name, commandTimeoutMs: limits.connectTimeoutMs };
  const options =
    target.topology === 'cluster'
      ? { ...common(target, use, limits), ...(host ? { host } : {}), ...(port ? { port } : {}) }
      : singleOptions(target, use, limits);
  const client = new Redis({
    ...options,
    retryStrategy: () => null,
    reconnectOnError: () => false,
  });
  onError(client);
  return client;
}

/** A client for one connection to a Sentinel, without a reconnect. */
export function sentinelProbe(
  target: RedisAddress,
  { host, port }: RedisAddress['nodes'][number],
  limits: RedisLimits,
): Redis {
  const { username: _, password: __, ...probed } = target;
  const use = { name: 'usher-probe', commandTimeoutMs: limits.connectTimeoutMs };
  const client = new Redis({
    ...common(probed, use, limits),
    ...{ host, port, enableReadyCheck: false },
    retryStrategy: () => null,
    reconnectOnError: () => false,
  });
  onError(client);
  return client;
}

/**
 * Connects a client, and reconnects it when it ends: ioredis gives up when told to reconnect during
 * a request to the Sentinels. Returns the function that closes it.
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

/**
 * Has all commands of this turn of the event loop sent by one write, which is most of what a command
 * costs. Not for a Cluster, where each command has its own connection.
 */
export function sendInTurn(client: RedisClient): void {
  if (client instanceof Cluster) return;
  // Absent before the first connection.
  const stream: Redis['stream'] | undefined = client.stream;
  if (stream === undefined || stream.writableCorked > 0) return;
  stream.cork();
  setImmediate(() => stream.uncork());
}

/** The connections to the servers that hold the records: one, or the masters of a Cluster. */
export function masters(client: RedisClient): Redis[] {
  return client instanceof Cluster ? client.nodes('master') : [client];
}

/** The host:port that identifies a server of a Cluster. */
export function nameOf(server: Redis): string {
  return `${server.options.host}:${server.options.port}`;
}

function common(target: RedisAddress, use: ClientUse, limits: RedisLimits) {
  return {
    ...(target.username === undefined ? {} : { username: target.username }),
    ...(target.password === undefined ? {} : { password: target.password }),
    ...(target.tls ? { tls: tlsOptions(target) } : {}),
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
    // Auto-pipelining retains each command until the next turn, which makes GC pauses five times
    // longer.
    enableAutoPipelining: false,
    retryStrategy: (attempt: number) => pause(attempt, limits),
    reconnectOnError: (error: Error) => /^(READONLY|MASTERDOWN|NOAUTH)/.test(error.message),
    lazyConnect: true,
  } satisfies RedisOptions;
}

/** The options with the server's address, or that of its Sentinels. */
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
    ...(target.tls ? { enableTLSForSentinelMode: true, sentinelTLS: tlsOptions(target) } : {}),
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
    // In a Cluster, a pipeline waits for the slot table without a limit.
    enableAutoPipelining: false,
    maxRedirections: limits.clusterAttemptsMax,
    retryDelayOnFailover: limits.clusterRetryDelayMs,
    retryDelayOnClusterDown: limits.clusterRetryDelayMs,
    retryDelayOnTryAgain: limits.clusterRetryDelayMs,
    slotsRefreshInterval: limits.clusterRefreshMs,
    slotsRefreshTimeout: limits.clusterRefreshTimeoutMs,
    clusterRetryStrategy: attempt => pause(attempt, limits),
    // Gives up on a node in the end: when all are given up, the addresses of the URL are resolved
    // again.
    clusterNodeRetryStrategy: attempt =>
      attempt > limits.clusterNodeAttemptsMax ? null : pause(attempt, limits),
    // Connects by host name, since that is what a certificate names.
    ...(target.tls ? { dnsLookup: (host, done) => done(null, host) } : {}),
  });
}

/** The pause before an attempt (1, 2, …), in milliseconds; jitter keeps replicas apart. */
export function pause(attempt: number, limits: RedisLimits): number {
  const delayMs = 50 * 2 ** Math.min(attempt - 1, 10);
  return Math.min(delayMs, limits.reconnectDelayMsMax) + Math.random() * 100;
}
