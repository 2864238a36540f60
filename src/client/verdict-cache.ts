/** The cache of verdicts, valid only while a watch reports invalidations, within its lease. */

import { LRUCache } from 'lru-cache';
import { headerKey } from './header-key.ts';
import type { Answer, Verdict } from './usher-verdict.ts';

/** Limits of the cache. */
export interface VerdictCacheLimits {
  /** Most headers with a known access token. */
  headersMax: number;
  /** Most headers without one; kept apart, so that a flood of them evicts no others. */
  unknownHeadersMax: number;
  /** How long these refusals are cached, in milliseconds: no invalidation names them. */
  unknownTtlMs: number;
  /** Most verdicts per header, which differ by requirement. */
  requirementsMax: number;
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
}

/** The cache. Times are those of the client's clock, in milliseconds. */
export interface VerdictCache {
  /** The valid verdict on exactly this question, or undefined. */
  find(
    header: string,
    audience: string,
    scopes: readonly string[],
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
  verdicts: number;
}

interface Entry {
  audience: string;
  scopes: readonly string[];
  verdict: Verdict;
  /** Undefined for a header without a known access token. */
  token: Token | undefined;
  tokenId: string;
  untilMs: number;
}

/** Creates an empty cache. */
export function createVerdictCache(limits: VerdictCacheLimits): VerdictCache {
  const tokens = new Map<string, Token>();
  const release = (entries: Entry[]) => {
    for (const { token, tokenId } of entries.splice(0)) {
      if (token && --token.verdicts === 0 && !token.changed) tokens.delete(tokenId);
    }
  };
  const known = new LRUCache<string, Entry[]>({ max: limits.headersMax, dispose: release });
  const unknown = new LRUCache<string, Entry[]>({ max: limits.unknownHeadersMax });
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

  const tokenOf = (id: string) => {
    const token = tokens.get(id) ?? { changed: false, verdicts: 0 };
    token.verdicts++;
    tokens.set(id, token);
    return token;
  };

  const put = (
    cache: LRUCache<string, Entry[]>,
    { header, ...question }: Question,
    entry: Entry,
  ) => {
    const key = headerKey(header);
    const entries = cache.get(key) ?? [];
    const same = entries.findIndex(({ audience, scopes }) => isSame(question, audience, scopes));
    if (same !== -1) release(entries.splice(same, 1));
    if (entries.length >= limits.requirementsMax) release(entries.splice(0, 1));
    entries.push(entry);
    cache.set(key, entries, { noDisposeOnSet: true });
    plain.delete(header);
  };

  return {
    find(header, audience, scopes, now) {
      const entries = entriesOf(header);
      if (entries === undefined) return undefined;
      for (const entry of entries) {
        if (!isSame(entry, audience, scopes)) continue;
        const { token } = entry;
        const isGood = token === undefined || (!token.changed && now < validUntilMs);
        return isGood && now < entry.untilMs ? entry.verdict : undefined;
      }
      return undefined;
    },

    mark: () => latest,

    keep(question, { verdict, watchedTtlMs, instance }, mark, sentMs) {
      const id = verdict.identity?.tokenId;
      const { audience, scopes } = question;
      if (id === undefined) {
        if (verdict.valid) return;
        const untilMs = sentMs + limits.unknownTtlMs;
        const entry = { audience, scopes, verdict, token: undefined, tokenId: '', untilMs };
        return put(unknown, question, entry);
      }
      const missed = mark < earliest || (changes.get(id) ?? 0) > mark;
      if (missed || verdict.stale || instance === '' || instance !== watched) return;
      const untilMs = sentMs + (watchedTtlMs ?? Number.POSITIVE_INFINITY);
      put(known, question, { audience, scopes, verdict, token: tokenOf(id), tokenId: id, untilMs });
    },

    changed(tokenIds) {
      for (const id of tokenIds) {
        changes.set(id, ++latest);
        const token = tokens.get(id);
        if (token !== undefined) token.changed = true;
        tokens.delete(id);
      }
      if (changes.size > limits.changesMax) forgetChanges();
    },

    reset(instance) {
      watched = instance;
      validUntilMs = Number.NEGATIVE_INFINITY;
      known.clear();
      tokens.clear();
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
function createPlain({ headersMax, plainMs }: VerdictCacheLimits) {
  const entries = new Map<string, Entry[]>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const clear = () => {
    clearTimeout(timer);
    timer = undefined;
    entries.clear();
  };
  return {
    get: (header: string) => entries.get(header),
    set(header: string, found: Entry[]) {
      if (entries.size >= headersMax) entries.clear();
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
