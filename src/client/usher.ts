/** The client that services embed: verdicts from its cache while that is valid, else from Usher. */

import { createAsk } from './ask.ts';
import type { BackoffLimits } from './backoff.ts';
import { type Clock, createClock } from './clock.ts';
import { followWatch } from './follow-watch.ts';
import { type Connect, createLinks } from './links.ts';
import { checkRequirement } from './requirement.ts';
import { malformed, type Verdict } from './usher-verdict.ts';
import { createVerdictCache, type Question, type VerdictCache } from './verdict-cache.ts';

/** What is required of a token beyond being good. */
export interface Requirement {
  /** The audience that a JWT must be meant for. */
  audience?: string;
  /** Scopes that the token must have, all of them. */
  scopes?: readonly string[];
}

/** Bounds of the client. Each has a default. */
export interface UsherLimits {
  /** How long a verdict may take, all attempts together, in milliseconds. 1000 by default. */
  deadlineMs?: number;
  /** Most headers whose verdicts are cached. 10,000 by default. */
  cacheEntriesMax?: number;
  /**
   * How long a refusal of a header that belongs to no access token is used again, in milliseconds.
   * 1000 by default.
   */
  unknownTtlMs?: number;
  /** Verdicts under way at once; further ones are refused as unavailable. 10,000 by default. */
  pendingMax?: number;
  /** Headers sent in one message, at most the server's USHER_BATCH_MAX. 64 by default. */
  batchMax?: number;
  /** Pauses between attempts. 10 ms at first and 250 ms at most by default, with full jitter. */
  backoff?: BackoffLimits;
}

/** What the core needs besides. */
export interface UsherDeps extends UsherLimits {
  /** Of servers that share one store. The first is used until it fails, then the next. */
  addresses: readonly string[];
  connect: Connect;
  /** For tests. */
  clock?: Clock;
  /** For tests: in [0, 1). */
  random?: () => number;
}

/** Verifies headers. */
export interface Usher {
  /**
   * The verdict on the value of an Authorization header; undefined or "" when there was none.
   * Rejects with UsherUnavailable when it cannot be known: answer 503.
   */
  verify(header: string | null | undefined, requirement?: Requirement): Promise<Verdict>;
  /** The same, at once, where a valid verdict is cached; otherwise undefined. */
  cached(header: string | null | undefined, requirement?: Requirement): Verdict | undefined;
  /** Whether the cache is valid now. */
  isWatching(): boolean;
  /** Resolves when that is so for the first time: for a service that wants to start warm. */
  ready(): Promise<void>;
  /** Ends connections and timers; what is under way fails with UsherUnavailable. */
  close(): void;
}

/** Headers longer than this are malformed without asking. */
const headerCharactersMax = 65_536;
const noScopes: readonly string[] = [];

/** Makes the client on any transport. */
export function createUsherOn(deps: UsherDeps): Usher {
  const { clock = createClock(), random = Math.random, deadlineMs = 1000 } = deps;
  const backoff = deps.backoff ?? { firstMs: 10, mostMs: 250 };
  const cache = createVerdictCache({
    headersMax: deps.cacheEntriesMax ?? 10_000,
    unknownHeadersMax: 1000,
    unknownTtlMs: deps.unknownTtlMs ?? 1000,
    requirementsMax: 8,
    changesMax: 10_000,
    plainMs: 1000,
  });
  const links = createLinks(deps.addresses, deps.connect);
  const limits = {
    deadlineMs,
    pendingMax: deps.pendingMax ?? 10_000,
    batchMax: deps.batchMax ?? 64,
    batchCharactersMax: 32_768,
    backoff,
  };
  const asking = createAsk({ links, limits, clock, random });
  let onValid = () => {};
  const ready = new Promise<void>(resolve => {
    onValid = resolve;
  });
  const unwatch = followWatch({
    links,
    cache,
    limits: { openMs: 2000, leaseMsMax: 60_000, backoff },
    clock,
    random,
    onValid,
  });
  const miss = createMiss(cache, asking.ask, clock);

  return {
    verify(header, requirement) {
      const { audience = '', scopes = noScopes } = requirement ?? {};
      const verdict = cache.find(header ?? '', audience, scopes, clock());
      if (verdict !== undefined) return Promise.resolve(verdict);
      return miss({ header: header ?? '', audience, scopes: [...scopes] });
    },
    cached(header, { audience = '', scopes = noScopes } = {}) {
      return cache.find(header ?? '', audience, scopes, clock());
    },
    isWatching: () => clock() < cache.validUntilMs(),
    ready: () => ready,
    close() {
      unwatch();
      asking.close();
      cache.close();
      links.close();
    },
  };
}

/** A question under way, which others that ask the same may share. */
interface Fill {
  sent: boolean;
  verdict: Promise<Verdict>;
}

/** Asks for what is not cached, once for all who ask the same at the same time. */
function createMiss(
  cache: VerdictCache,
  ask: ReturnType<typeof createAsk>['ask'],
  clock: Clock,
): (question: Question) => Promise<Verdict> {
  const underWay = new Map<string, Fill>();

  const fill = async (question: Question, self: { sent: boolean }) => {
    let mark = 0;
    let sentMs = 0;
    const answer = await ask(question, () => {
      self.sent = true;
      mark = cache.mark();
      sentMs = clock();
    });
    cache.keep(question, answer, mark, sentMs);
    return answer.verdict;
  };

  return async question => {
    checkRequirement(question);
    const { header, audience, scopes } = question;
    if (header.length > headerCharactersMax || !header.isWellFormed()) return malformed();
    const key = JSON.stringify([header, audience, scopes]);
    for (;;) {
      const other = underWay.get(key);
      if (other === undefined) break;
      // The answer to a question that was sent before this one was asked may be from before a
      // revocation: it is shared only where it was cached, and is still valid.
      if (!other.sent) return await other.verdict;
      await other.verdict;
      const verdict = cache.find(header, audience, scopes, clock());
      if (verdict !== undefined) return verdict;
    }
    const self = { sent: false };
    const started: Fill = Object.assign(self, { verdict: fill(question, self) });
    underWay.set(key, started);
    try {
      return await started.verdict;
    } finally {
      if (underWay.get(key) === started) underWay.delete(key);
    }
  };
}
