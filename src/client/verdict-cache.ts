/** The cache of verdicts, valid only while a watch reports invalidations, within its lease. */

import { LRUCache } from 'lru-cache';
import { createFairCache } from '../caching/fair-cache.ts';
import { heapWeights, jsonBytes } from '../caching/json-bytes.ts';
import { cachedBytes, weighed } from '../caching/weighed-cache.ts';
import { headerKey } from './header-key.ts';
import type { Answer, Verdict } from './usher-verdict.ts';

/** Limits of the cache. */
export interface VerdictCacheLimits {
  /** What all cached verdicts may take, in bytes. */
  bytesMax: number;
  /** Most headers with a known access token. */
  headersMax: number;
  /** How long these refusals are cached, in milliseconds: no invalidation names them. */
  unknownTtlMs: number;
  /** Most verdicts per header, which differ by requirement. */
  requirementsMax: number;
  /** The same where they differ by source, too. */
  sourcesMax: number;
  /** Most recorded changes, to which answers in flight are compared. */
  changesMax: number;
  /** How long a header may be in memory unhashed, in milliseconds. */
  plainMs: number;
}

/** What to verify. */
export interface Question {
  /** The Authorization header's value; "" for none. */
  header: string;
  /** The required audience; "" for any. */
  audience: string;
  /** The required scopes. */
  scopes: readonly string[];
  /** The address from which the token was used; "" when it is not known. */
  source: string;
}

/** The cache. Times are those of the client's clock, in milliseconds. */
export interface VerdictCache {
  /** The valid verdict on exactly this question, or undefined. */
  find(
    header: string,
    audience: string,
    scopes: readonly string[],
    source: string,
    now: number,
  ): Verdict | undefined;
  /** Taken when a question is sent: its answer may lack the changes after this mark. */
  mark(): number;
  /** Caches the answer to a question sent at a mark and time, unless it may be outdated. */
  keep(question: Question, answer: Answer, mark: number, sentMs: number): void;
  /** Invalidates the verdicts on these access tokens. */
  changed(tokenIds: readonly string[]): void;
  /** Clears the cache; from now on it holds answers of this server instance only. */
  reset(instance: string): void;
  /** Extends the validity of cached verdicts: no change is missing before that time. */
  extendTo(untilMs: number): void;
  /** Until when cached verdicts are valid; -Infinity if they are not. */
  validUntilMs(): number;
  /** Clears everything and stops the timer. */
  close(): void;
}

/** The state of an access token, shared by all verdicts on it. */
interface Token {
  changed: boolean;
}

/** Headers without an access token have an eighth, apart, so that a flood of them evicts no others. */
const unknownShare = 1 / 8;
/** Headers of the last second have an eighth. */
const plainShare = 1 / 8;

interface Entry {
  audience: string;
  scopes: readonly string[];
  /** The only source that the verdict is for; undefined for any. */
  source: string | undefined;
  verdict: Verdict;
  /** Undefined for a header without a known access token. */
  token: Token | undefined;
  untilMs: number;
}

/** Creates an empty cache. */
export function createVerdictCache(limits: VerdictCacheLimits): VerdictCache {
  const { bytesMax, headersMax: entriesMax } = limits;
  const known = createFairCache<Entry[], Token>({
    bytesMax: bytesMax * (1 - unknownShare - plainShare),
    entriesMax,
  });
  const unknown = new LRUCache<string, Entry[]>(
    weighed({ bytesMax: bytesMax * unknownShare, entriesMax }, entriesBytes),
  );
  const plain = createPlain(limits);
  /** Access token → the mark of its latest change. */
  const changes = new Map<string, number>();
  let latest = 0;
  /** Changes before this mark are no longer recorded. */
  let earliest = 0;
  let validUntilMs = Number.NEGATIVE_INFINITY;
  let watched = '';

  const entriesOf = (header: string) => {
    const entries = plain.get(header);
    if (entries !== undefined) return entries;
    const key = headerKey(header);
    const found = known.get(key) ?? unknown.get(key);
    if (found !== undefined) plain.set(header, found);
    return found;
  };

  const forgetChanges = () => {
    changes.clear();
    earliest = ++latest;
  };

  /** The verdicts on a header with this one, without what it replaces. */
  const entriesWith = (entry: Entry, entries: Entry[] = []) => {
    const { audience, scopes, source, token } = entry;
    const others = entries.filter(
      other =>
        other.token === token &&
        !(isSame(other, audience, scopes) && (source === undefined || isFor(other, source))),
    );
    const most = source === undefined ? limits.requirementsMax : limits.sourcesMax;
    return [...others.slice(1 - most), entry];
  };

  const keepUnknown = (header: string, entry: Entry) => {
    const key = headerKey(header);
    unknown.set(key, entriesWith(entry, unknown.get(key)));
    plain.delete(header);
  };

  const keepKnown = (header: string, tokenId: string, entry: Omit<Entry, 'token'>) => {
    const key = headerKey(header);
    const token = known.shared(tokenId) ?? { changed: false };
    const value = entriesWith({ ...entry, token }, known.get(key));
    const bytes = cachedBytes(key, entriesBytes(value));
    known.set(key, { value, bytes }, tokenId, { value: token, bytes: 0 });
    plain.delete(header);
  };

  return {
    find(header, audience, scopes, source, now) {
      const entries = entriesOf(header);
      if (entries === undefined) return undefined;
      for (const entry of entries) {
        if (!isSame(entry, audience, scopes) || !isFor(entry, source)) continue;
        const { token } = entry;
        const isGood = token === undefined || (!token.changed && now < validUntilMs);
        return isGood && now < entry.untilMs ? entry.verdict : undefined;
      }
      return undefined;
    },

    mark: () => latest,

    keep(question, { verdict, watchedTtlMs, sourceDependent, instance }, mark, sentMs) {
      const id = verdict.identity?.tokenId;
      const { header, audience, scopes } = question;
      if (id === undefined) {
        if (verdict.valid) return;
        const untilMs = sentMs + limits.unknownTtlMs;
        const entry = { audience, scopes, source: undefined, verdict, untilMs };
        return keepUnknown(header, { ...entry, token: undefined });
      }
      // Such as the verdict on a token with a limit: each use of it is to be counted.
      if (watchedTtlMs === 0) return;
      const missed = mark < earliest || (changes.get(id) ?? 0) > mark;
      if (missed || verdict.stale || instance === '' || instance !== watched) return;
      const untilMs = sentMs + (watchedTtlMs ?? Number.POSITIVE_INFINITY);
      const source = sourceDependent ? question.source : undefined;
      keepKnown(header, id, { audience, scopes, source, verdict, untilMs });
    },

    changed(tokenIds) {
      for (const id of tokenIds) {
        changes.set(id, ++latest);
        const token = known.shared(id);
        if (token !== undefined) token.changed = true;
        known.retire(id);
      }
      // It may hold an evicted verdict, whose access token is no longer known here.
      plain.clear();
      if (changes.size > limits.changesMax) forgetChanges();
    },

    reset(instance) {
      watched = instance;
      validUntilMs = Number.NEGATIVE_INFINITY;
      known.clear();
      plain.clear();
      forgetChanges();
    },

    extendTo(untilMs) {
      validUntilMs = Math.max(validUntilMs, untilMs);
    },
    validUntilMs: () => validUntilMs,
    close() {
      validUntilMs = Number.NEGATIVE_INFINITY;
      watched = '';
      known.clear();
      unknown.clear();
      plain.clear();
    },
  };
}

/** Recent headers unhashed: hashing costs more than the rest of a lookup. */
function createPlain({ bytesMax, headersMax, plainMs }: VerdictCacheLimits) {
  const entries = new Map<string, Entry[]>();
  let bytes = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const clear = () => {
    clearTimeout(timer);
    timer = undefined;
    entries.clear();
    bytes = 0;
  };
  return {
    get: (header: string) => entries.get(header),
    set(header: string, found: Entry[]) {
      bytes += cachedBytes(header, 0);
      if (entries.size >= headersMax || bytes > bytesMax * plainShare) {
        entries.clear();
        bytes = cachedBytes(header, 0);
      }
      entries.set(header, found);
      if (timer !== undefined) return;
      timer = setTimeout(clear, plainMs);
      // In a browser it is a number and has no unref.
      (timer as { unref?(): void }).unref?.();
    },
    delete: (header: string) => void entries.delete(header),
    clear,
  };
}

function isSame(
  entry: Pick<Entry, 'audience' | 'scopes'>,
  audience: string,
  scopes: readonly string[],
): boolean {
  if (entry.audience !== audience || entry.scopes.length !== scopes.length) return false;
  for (let at = 0; at < scopes.length; at++) if (entry.scopes[at] !== scopes[at]) return false;
  return true;
}

/** Whether an entry is for a source. */
function isFor(entry: Pick<Entry, 'source'>, source: string): boolean {
  return entry.source === undefined || entry.source === source;
}

/** What the verdicts on a header take, in bytes. */
function entriesBytes(entries: Entry[]): number {
  let bytes = entryBytes;
  for (const { audience, scopes, source, verdict } of entries) {
    bytes += entryBytes + jsonBytes(audience, heapWeights) + jsonBytes(scopes, heapWeights);
    if (source !== undefined) bytes += jsonBytes(source, heapWeights);
    bytes += jsonBytes(verdict, heapWeights);
  }
  return bytes;
}

/** What an entry takes besides its texts and its verdict. */
const entryBytes = 128;
