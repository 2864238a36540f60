/** What the status page shows: the JSON of `GET /status` on the manager port. */

import type { Degraded } from '../store/health.ts';

/** The status of this server. */
export interface ServerStatus {
  /** Version of Usher, as in package.json. */
  version: string;
  /** Version of Node.js, without the "v". */
  nodeVersion: string;
  /** Since the server started, in seconds. */
  uptimeSeconds: number;
  /** Number of worker processes. */
  workers: number;
  /** The store, and what it can do. */
  store: {
    kind: 'lmdb' | 'redis' | 'redis-cluster' | 'redis-sentinel';
    /** Whether verdicts can be given. */
    up: boolean;
    /** Why not; absent while they can. */
    reason?: string;
    /** What does not work although verdicts are given. */
    degraded: readonly Degraded[];
  };
  /** The invalidation feed, which lets verifiers answer from memory; absent if there is none. */
  feed?: {
    /** Whether the feed is live: only then are cached records known to be current. */
    up: boolean;
    /** How invalidations arrive: "tracking", "messages" or "local". */
    kind: string;
    /** Time since the last sign of life of the feed, in milliseconds. */
    lagMs: number;
  };
  /** The master keys, by their ids. */
  masterKeys: {
    writes: string;
    /** All that are read, the one that writes too. */
    reads: readonly string[];
    /** For whom a new key waits before it writes; nothing when it does not. */
    waitsFor: readonly string[];
  };
  /** The addresses of the listeners, as "host:port". */
  listeners: { grpc: string; http: string; manager: string };
  /** Longest time until a revocation takes effect everywhere, in milliseconds. */
  leaseMs?: number;
}
