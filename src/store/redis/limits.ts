/** Every bound of the Redis store, with its unit. What is configured: src/server/limits.ts. */

/** Limits of the Redis store. */
export interface RedisLimits {
  /** How long a connection may take to be made, in milliseconds. */
  connectTimeoutMs: number;
  /** How long a verification's read may take, in milliseconds. */
  readTimeoutMs: number;
  /** How long any other command may take, in milliseconds. */
  adminTimeoutMs: number;
  /** Silence on a connection that owes an answer, after which it is made anew, in milliseconds. */
  socketTimeoutMs: number;
  /** How long a connection may take to end, in milliseconds. */
  disconnectTimeoutMs: number;
  /** Longest pause before connecting again, in milliseconds. */
  reconnectDelayMsMax: number;
  /** Longest pause while Redis loads its data, in milliseconds. */
  loadingDelayMsMax: number;
  /** Idle time after which TCP looks whether the peer is there, in milliseconds. */
  keepAliveMs: number;
  /** How long opening waits for Redis before it goes on without, in milliseconds. */
  openWaitMs: number;
  /** How often Redis is asked whether it is there, in milliseconds. */
  pingIntervalMs: number;
  /** Attempts at one command in a Cluster. */
  clusterAttemptsMax: number;
  /** Pause between those attempts, in milliseconds. */
  clusterRetryDelayMs: number;
  /** How often the Cluster is asked who serves what, in milliseconds. */
  clusterRefreshMs: number;
  /** How long that may take, in milliseconds. */
  clusterRefreshTimeoutMs: number;
  /** Connection attempts to a node of a Cluster before it is dropped until the next refresh. */
  clusterNodeAttemptsMax: number;
  /** Replicas that must have a change before it is acknowledged. */
  ackReplicas: number;
  /** How long they may take, in milliseconds. */
  ackTimeoutMs: number;
  /**
   * How often replicas must have a write for the server to be read from, in milliseconds: only with
   * `ackReplicas`, and within the lease. 0 for never.
   */
  beatMs: number;
  /** Age of a begun change at which others complete it, in milliseconds. */
  intentAgeMs: number;
  /** How often is looked for such, in milliseconds. */
  sweepIntervalMs: number;
  /** How many of them are completed at a time. */
  sweepIntentsMax: number;
  /** Attempts to begin a change behind other changes of the same access token. */
  beginAttemptsMax: number;
  /** Attempts to put an entry behind an audit log that other replicas write to. */
  linkAttemptsMax: number;
  /** How long an audit event's id is known, so that it isn't added again, in milliseconds. */
  eventKeepMs: number;
  /** How long a silent feed is believed, in milliseconds: the bound of a revocation. */
  leaseMs: number;
  /** How often the feed is asked whether it is there, in milliseconds. */
  feedPingMs: number;
  /** Writes that a feed may miss before it is taken to hear nothing. */
  probesMax: number;
  /** Missed messages of the feed that are told one by one; when there were more, all may have changed. */
  feedEntriesMax: number;
  /** Usage counts that are sent at a time. */
  usageBatch: number;
}

/**
 * Bounds that no deployment sets. They pace what goes on behind a store that is slow or away, and
 * bound the work of one step. How long a verdict may rest on memory is bounded by the lease alone.
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
  probesMax: 2,
  feedEntriesMax: 1000,
  usageBatch: 200,
} as const satisfies Partial<RedisLimits>;
