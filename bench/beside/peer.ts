/** What a peer is: a program that judges tokens, and that Usher is measured beside. */

/** How it is asked: what goes over the socket. */
export type Wire = 'grpc' | 'connect' | 'http' | 'check' | 'gateway';

/** The kind of token that is sent. */
export type Kind = 'static' | 'jwt';

/** The tokens that every program knows, so that all of them look into a map of the same size. */
export interface Known {
  static: { id: string; token: string };
  jwt: { id: string; secret: string };
  /** A second static token, which is revoked while it is measured how long it stays valid. */
  spare: { id: string; token: string };
  /** Number of further static tokens, which no client sends. */
  others: number;
  /** Authorization headers that are good. */
  headers: Record<Kind, string>;
  /** The Usher that made them; its listeners are host:port. */
  usher: { pid: number; grpc: string; http: string };
  /** Revokes the spare token in that Usher. */
  revoke(): Promise<void>;
}

/** A running peer. */
export interface Running {
  /** The processes whose CPU time and memory count. */
  pids(): readonly number[];
  /** host:port. */
  address: string;
  /** The path to ask, where the wire is HTTP; "/" if absent. */
  path?: string;
  /** Good headers; without a kind, the peer does not judge tokens of that kind. */
  headers: Partial<Record<Kind, string>>;
  /** Revokes the spare static token; absent if the peer has no way to. */
  revoke?(): Promise<void>;
  /** Ends its processes, and deletes its files. */
  stop(): Promise<void>;
}

/** A program that Usher is measured beside. One file of `peers` has one. */
export interface Peer {
  /** The name for `--only`. */
  name: string;
  wire: Wire;
  /** Makes the program available, and returns its name with its version. Throws `Unobtainable`. */
  get(): Promise<string>;
  /** Starts it on the server's core. */
  start(known: Known): Promise<Running>;
  /** What it does to judge a token, in a few words. */
  does: string;
  /** What it cannot do, or what keeps the comparison from being even. */
  cannot: string;
}

/** Thrown where a program cannot be had; the message says why, and what would help. */
export class Unobtainable extends Error {}
