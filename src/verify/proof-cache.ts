/** Caches headers whose hash or signature was checked before. */

import { hash } from 'node:crypto';
import { canonicalHeader } from '../caching/canonical-header.ts';
import { createFairCache } from '../caching/fair-cache.ts';
import { answerWeights, heapWeights, jsonBytes } from '../caching/json-bytes.ts';
import type { CacheLimits } from '../caching/weighed-cache.ts';
import type { AccessTokenRecord } from '../store/record.ts';
import type { Found } from '../store/store.ts';
import type { Claims } from './claims.ts';
import type { Granted, Identity } from './verdict.ts';

/** A header whose hash or signature was correct. */
export interface Proven {
  /** The record that it was checked against, shared by all headers of the access token. */
  source: Source;
  /** Until when the matching secret is valid, in milliseconds since 1970; Infinity when current. */
  provenUntil: number;
  /** A JWT's claims; undefined for a static token. */
  claims: Claims | undefined;
  identity: Identity;
  /** The last valid verdict, so that its encoded form can be reused. */
  granted?: Granted;
}

/** A record, in the latest look-up that found it. */
export interface Source {
  found: Found & { record: AccessTokenRecord };
}

/** The cache. Its keys are hashes of headers, so that it holds no token. */
export interface ProofCache {
  /** What it holds, in bytes. */
  readonly bytes: number;
  /** The cached entry, or undefined. */
  get(key: string): Proven | undefined;
  /** Adds or replaces an entry. Those of an earlier revision of its record become obsolete. */
  set(key: string, proven: Proven): void;
  /** Removes an entry. */
  delete(key: string): void;
}

/**
 * The cache key of a header: SHA-256 in base64url, the same for equal headers in different
 * spelling. One longer than `headerBytesMax` keeps its own, since it is refused as it is.
 */
export function proofKey(header: string, headerBytesMax: number): string {
  const one = header.length > headerBytesMax ? header : canonicalHeader(header);
  return hash('sha256', one, 'base64url');
}

/** Whether memory knows a header as one whose hash or signature was right. Looks nothing up. */
export type IsProven = (header: string) => boolean;

/** Creates it. A header of an earlier secret stays known until it is verified again. */
export function createIsProven(
  proofs: Pick<ProofCache, 'get'>,
  { headerBytesMax }: { headerBytesMax: number },
): IsProven {
  return header => proofs.get(proofKey(header, headerBytesMax)) !== undefined;
}

/**
 * Whether a record is still the one of an earlier look-up. After a failover that lost a change,
 * another change can have its revision, but not its event.
 */
export function isSameRecord(record: AccessTokenRecord | undefined, known: Source): boolean {
  const { id, revision, eventId } = known.found.record;
  return record?.id === id && record.revision === revision && record.eventId === eventId;
}

/** Creates a cache that is fair between access tokens. */
export function createProofCache(limits: CacheLimits): ProofCache {
  const cache = createFairCache<Proven, Source>(limits);
  const { lookups = { hits: 0, misses: 0 } } = limits;
  return {
    get bytes() {
      return cache.bytes;
    },
    get(key) {
      const proven = cache.get(key);
      if (proven === undefined) lookups.misses++;
      else lookups.hits++;
      return proven;
    },
    set(key, proven) {
      const { found } = proven.source;
      const known = cache.shared(found.record.id);
      if (known !== undefined && isSameRecord(found.record, known)) {
        known.found = found;
        proven.source = known;
      }
      cache.set(key, { value: proven, bytes: provenBytes(proven) }, found.record.id, {
        value: proven.source,
        bytes: known === proven.source ? 0 : recordBytes(found.record),
      });
    },
    delete: cache.delete,
  };
}

/** What a header takes without its claims, its answers included, in bytes. */
const headerBytes = 1600;

function provenBytes({ claims, identity }: Proven): number {
  let bytes = headerBytes + jsonBytes(identity.metadata, answerWeights);
  if (claims !== undefined) {
    bytes += jsonBytes(claims.all, answerWeights) + jsonBytes(claims.scopes, answerWeights);
  }
  return bytes;
}

function recordBytes(record: AccessTokenRecord): number {
  return jsonBytes(record, heapWeights);
}
