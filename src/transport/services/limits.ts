/** Bounds of the verifier's streams, with their units. What is configured: src/server/limits.ts. */

/** Bounds of watching. */
export interface WatchLimits {
  /** Watchers at once. */
  watchersMax: number;
  /** How long silence may be believed, in milliseconds. */
  leaseMs: number;
  /** How often a watcher hears that there is nothing new, in milliseconds. */
  heartbeatMs: number;
  /** Access tokens named in one message. */
  idsMax: number;
  /** Changes kept for a watcher who was away, or reads slowly; beyond them it starts again. */
  changesBacklogMax: number;
}

/** Bounds of watching that no deployment sets. */
export const fixedWatchLimits = {
  /** 10 kB: a message that no caller refuses. */
  idsMax: 256,
} as const satisfies Partial<WatchLimits>;

/** What a retained change takes in memory, in bytes: a UUID as text, and its place. */
export const changeBytes = 96;

/** Messages of one stream that are worked on at once: one caller must not take all of the server. */
export const streamMessagesAtOnceMax = 16;
