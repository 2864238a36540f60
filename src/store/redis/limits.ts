/** Limits of the Redis store. src/server/limits.ts sets the configured ones. */

/** Limits of the Redis store. */
export interface RedisLimits {
  /** Timeout for connecting, in milliseconds. */
  connectTimeoutMs: number;
  /** Timeout of a read for verification, in milliseconds. */
  readTimeoutMs: number;
  /** Timeout of any other command, in milliseconds. */
  adminTimeoutMs: number;
  /** Silence on a connection with an unanswered command before it is replaced, in milliseconds. */
  socketTimeoutMs: number;
  /** Timeout for closing a connection, in milliseconds. */
  disconnectTimeoutMs: number;
  /** Longest pause before reconnecting, in milliseconds. */
  reconnectDelayMsMax: number;
  /** Longest pause while Redis loads its data, in milliseconds. */
  loadingDelayMsMax: number;
  /** Idle time before TCP keep-alive probes, in milliseconds. */
  keepAliveMs: number;
  /** How long opening the store waits for Redis before it continues without, in milliseconds. */
  openWaitMs: number;
  /** Interval of the health check, in milliseconds. */
  pingIntervalMs: number;
  /** Attempts per command in a Cluster. */
  clusterAttemptsMax: number;
  /** Pause between those attempts, in milliseconds. */
  clusterRetryDelayMs: number;
  /** Interval at which the slot table of a Cluster is refreshed, in milliseconds. */
  clusterRefreshMs: number;
  /** Timeout of that refresh, in milliseconds. */
  clusterRefreshTimeoutMs: number;
  /** Connection attempts to a node of a Cluster before it is dropped until the next refresh. */
  clusterNodeAttemptsMax: number;
  /** Redis replicas that must have a change before Usher acknowledges it. */
  ackReplicas: number;
  /** Timeout of waiting for them, in milliseconds. */
  ackTimeoutMs: number;
  /**
   * Interval at which a message must reach `ackReplicas` Redis replicas, in milliseconds.
   * Without one within the lease, the server is not read from. 0 for no such check.
   */
  heartbeatMs: number;
  /** Age of an unfinished change at which other processes complete it, in milliseconds. */
  intentAgeMs: number;
  /** Interval of the search for unfinished changes, in milliseconds. */
  sweepIntervalMs: number;
  /** How many of them one search completes. */
  sweepIntentsMax: number;
  /** Attempts to begin a change while others change the same access token. */
  beginAttemptsMax: number;
  /** Attempts to append an entry to the audit log while others append to it. */
  linkAttemptsMax: number;
  /** How long an audit event's id is stored, to detect a second attempt, in milliseconds. */
  eventKeepMs: number;
  /**
   * How long cached records stay valid after the feed's last answer, in milliseconds: the longest
   * time that a revocation takes.
   */
  leaseMs: number;
  /** How long an empty store must stay empty before it is taken for a new one, in milliseconds. */
  claimWaitMs: number;
  /** How long a mark on a master of a Cluster must have been there before it is relied on, in milliseconds. */
  markSettleMs: number;
  /** Most bytes that the remembered tail of the audit log may take. */
  tailBytesMax: number;
  /** How long an entry of the audit log is remembered, in milliseconds. */
  tailMsMax: number;
  /** How many of its last entries are remembered whatever their age. */
  tailEntriesMin: number;
  /** Interval of the feed's checks of its connection, in milliseconds. */
  feedPingMs: number;
  /** Unanswered probe writes after which the feed stops relying on tracking. */
  probesMax: number;
  /** Missed log entries that are announced one by one; more of them invalidate everything. */
  feedEntriesMax: number;
  /** Usage counts that are sent together. */
  usageBatch: number;
  /** Counts of limits that are sent together. */
  limitBatch: number;
}

/**
 * Limits that no setting changes. They pace retries while Redis is slow or down, and limit the work
 * of one step. How long a verdict may come from the cache depends on the lease alone.
 */
export const fixedRedisLimits = {
  disconnectTimeoutMs: 200,
  reconnectDelayMsMax: 1000,
  loadingDelayMsMax: 500,
  keepAliveMs: 5000,
  openWaitMs: 1000,
  pingIntervalMs: 1000,
  clusterAttemptsMax: 4,
  clusterRetryDelayMs: 50,
  clusterRefreshMs: 1000,
  clusterNodeAttemptsMax: 10,
  intentAgeMs: 3000,
  sweepIntervalMs: 2000,
  sweepIntentsMax: 100,
  beginAttemptsMax: 100,
  linkAttemptsMax: 100,
  eventKeepMs: 24 * 60 * 60 * 1000,
  // Redis writes to disk each second, and a Redis replica that is further behind has lost its link.
  markSettleMs: 10_000,
  tailBytesMax: 4 * 1024 * 1024,
  tailMsMax: 24 * 60 * 60 * 1000,
  tailEntriesMin: 1000,
  probesMax: 2,
  feedEntriesMax: 1000,
  usageBatch: 200,
  /** Some two milliseconds, in which Redis answers nothing else. */
  limitBatch: 100,
} as const satisfies Partial<RedisLimits>;
