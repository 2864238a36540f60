/** What the status page shows: the shape of `GET /status` on the manager port. */

/** The server as a whole. */
export interface Status {
  /** Of Usher, as in package.json. */
  version: string;
  /** Of Node.js, without the "v". */
  nodeVersion: string;
  uptimeSeconds: number;
  /** Worker processes. */
  workers: number;
  store: {
    kind: 'lmdb' | 'redis' | 'redis-cluster' | 'redis-sentinel' | 'memory';
    up: boolean;
  };
  /** The invalidation feed that lets verifiers answer from memory; absent where there is none. */
  feed?: {
    up: boolean;
    /** How it is told: "tracking", "messages" or "local". */
    kind: string;
    /** How long ago it was last heard, in milliseconds. */
    lagMs: number;
  };
  /** Where the listeners are reached, as "host:port". */
  listeners: { grpc: string; http: string; manager: string };
  /** How long a revocation may take to be seen everywhere, in milliseconds. */
  leaseMs?: number;
}
