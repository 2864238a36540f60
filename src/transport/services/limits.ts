/** Limits of the verifier's streams. src/server/limits.ts sets the configured ones. */

/** Limits of watches. */
export interface WatchLimits {
  /** Most watches at once. */
  watchersMax: number;
  /** Most watches at once of one caller that shows who it is. */
  watchersPerCallerMax: number;
  /** How long a watcher may use cached verdicts without a message, in milliseconds. */
  leaseMs: number;
  /** Interval of messages while nothing changes, in milliseconds. */
  heartbeatMs: number;
  /** Most access tokens named in one message. */
  idsMax: number;
  /** Changes kept for watchers that reconnect or read slowly; one further behind gets a reset. */
  changesBacklogMax: number;
}

/** Limits of watches that no setting changes. */
export const fixedWatchLimits = {
  /** About 10 kB, a message size that no caller refuses. */
  idsMax: 256,
} as const satisfies Partial<WatchLimits>;

/** What a retained change takes in memory, in bytes: a UUID as text, and its place. */
export const changeBytes = 96;

/** Most messages of one stream in progress: one caller must not occupy the whole server. */
export const streamMessagesAtOnceMax = 16;
