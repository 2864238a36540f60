/** Headers that were proven before: nobody needs to hash or sign-check them again. */

import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { AccessTokenRecord } from '../store/record.ts';
import type { Found } from '../store/store.ts';
import type { Claims } from './jwt.ts';
import type { Granted, Identity } from './verdict.ts';

/** A header whose hash or signature was right, and what it was right against. */
export interface Proven {
  found: Found & { record: AccessTokenRecord };
  /** End of the grace of the secret that proved it, in milliseconds since 1970. */
  provenUntil: number;
  /** Those of a JWT. */
  claims: Claims | undefined;
  identity: Identity;
  /** The verdict given last, so that its encoded form can be used again. */
  granted?: Granted;
}

/** Remembers by a hash of the exact header, so that no token lies in memory. */
export interface Memory {
  recall(key: string): Proven | undefined;
  keep(key: string, proven: Proven): void;
}

/** The key of a header. */
export function proofKey(header: string): string {
  return hash('sha256', header, 'base64url');
}

/** Makes a memory for so many headers; the one used longest ago is forgotten first. */
export function createProofCache(headersMax: number): Memory {
  const proven = new LRUCache<string, Proven>({ max: headersMax });
  return {
    recall: key => proven.get(key),
    keep: (key, value) => void proven.set(key, value),
  };
}
