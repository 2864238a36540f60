/** Caches headers whose hash or signature was checked before. */

import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { AccessTokenRecord } from '../store/record.ts';
import type { Found } from '../store/store.ts';
import type { Claims } from './jwt.ts';
import type { Granted, Identity } from './verdict.ts';

/** A header whose hash or signature was correct. */
export interface Proven {
  /** The record that it was checked against. */
  found: Found & { record: AccessTokenRecord };
  /** Until when the matching secret is valid, in milliseconds since 1970; Infinity when current. */
  provenUntil: number;
  /** A JWT's claims; undefined for a static token. */
  claims: Claims | undefined;
  identity: Identity;
  /** The last valid verdict, so that its encoded form can be reused. */
  granted?: Granted;
}

/** The cache. Its keys are hashes of the exact headers, so that it holds no token. */
export interface ProofCache {
  /** The cached entry, or undefined. */
  get(key: string): Proven | undefined;
  /** Adds or replaces an entry. */
  set(key: string, proven: Proven): void;
}

/** The cache key of a header: SHA-256 in base64url. */
export function proofKey(header: string): string {
  return hash('sha256', header, 'base64url');
}

/** Creates a cache for `headersMax` headers, which evicts the least recently used one. */
export function createProofCache(headersMax: number): ProofCache {
  const proven = new LRUCache<string, Proven>({ max: headersMax });
  return {
    get: key => proven.get(key),
    set: (key, value) => void proven.set(key, value),
  };
}
