/** Verdicts in memory, valid only while a watch says which to drop, and no longer than its lease. */

import { LRUCache } from 'lru-cache';
import { headerKey } from './header-key.ts';
import type { Answer, Verdict } from './usher-verdict.ts';

/** Bounds of the cache. */
export interface VerdictCacheLimits {
  /** Headers with a verdict on an access token. */
  headersMax: number;
  /** Headers of no access token: apart, so that a flood of them evicts no good one. */
  unknownHeadersMax: number;
  /** How long such a refusal is used again, in milliseconds: nobody tells when it changes. */
  unknownTtlMs: number;
  /** Verdicts per header, which differ by what was required. */
  requirementsMax: number;
  /** Changes remembered for the verdicts that are still under way. */
  changesMax: number;
  /** How long a header may stay in memory in plain text, in milliseconds. */
  plainMs: number;
}

/** What was asked. */
export interface Question {
  header: string;
  audience: string;
  scopes: readonly string[];
}

/** The cache. Times are those of the clock. */
export interface VerdictCache {
  find(
    header: string,
    audience: string,
    scopes: readonly string[],
    now: number,
  ): Verdict | undefined;
  /** Marks the sending of a question: what changes after it is not in the answer for certain. */
  mark(): number;
  /** Keeps an answer to a question sent at a mark and a time, if it may be. */
  keep(question: Question, answer: Answer, mark: number, sentMs: number): void;
  /** These access tokens changed. */
  changed(tokenIds: readonly string[]): void;
  /** Anything may have changed; from now on this instance of the server is watched. */
  reset(instance: string): void;
  /** Verdicts are valid until this time, as the instance has sent all changes so far. */
  extendTo(untilMs: number): void;
  /** Until when verdicts on access tokens are valid. */
  validUntilMs(): number;
  /** Forgets all, and ends its timer. */
  close(): void;
}

/** Word of an access token that many verdicts may rest on. */
interface Token {
  changed: boolean;
  verdicts: number;
}

interface Entry {
  audience: string;
  scopes: readonly string[];
  verdict: Verdict;
  /** Undefined for a header of no access token. */
  token: Token | undefined;
  tokenId: string;
  untilMs: number;
}

/** Makes it, empty. */
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
  /** Before this mark it is not known what changed. */
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

/** Headers of the last moment as they are: hashing costs more than all the rest of a look. */
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
      // In a browser it is a number, and holds nothing up.
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
