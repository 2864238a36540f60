/** The client that services embed: verdicts from its cache while that is valid, else from Usher. */

import { canonicalHeader } from '../caching/canonical-header.ts';
import { type Clock, createClock } from '../caching/clock.ts';
import { createAsk } from './ask.ts';
import type { BackoffLimits } from './backoff.ts';
import { type CallerToken, checkCallerToken } from './caller-token.ts';
import { followWatch } from './follow-watch.ts';
import { type Connect, createLinks } from './links.ts';
import { checkRequirement, misspelt, unknownName } from './requirement.ts';
import { sourceIn } from './source.ts';
import { activeSpan, type TraceContext, traceHeaders } from './trace-context.ts';
import { type Answer, malformed, type Verdict } from './usher-verdict.ts';
import { createVerdictCache, type Question, type VerdictCache } from './verdict-cache.ts';

/** What a valid token must have in addition. */
export interface Requirement {
  /** The audience that a JWT must have; at most 256 characters. */
  audience?: string;
  /** Scopes of which the token must have all; at most 64. */
  scopes?: readonly string[];
}

/** What a header is verified against. */
export interface VerifyOptions extends Requirement {
  /**
   * The IP address from which the token was used, for access tokens that may be used only from some. What
   * is no address counts as not known, as does undefined; such an access token is then WRONG_SOURCE.
   */
  source?: string | undefined;
  /**
   * The span that asks, where it is not the active one of `@opentelemetry/api`. If it is sampled and the
   * verdict is not cached, Usher continues its trace.
   */
  trace?: TraceContext | undefined;
}

/** What the client is on any platform, and its limits. */
export interface UsherLimits {
  /**
   * Who asks, where the server wants to know (USHER_VERIFY_ACCESS=token): a static token with the
   * scope usher.verify, or a function that returns the present one for each call. It is a secret,
   * which no error contains.
   */
  callerToken?: CallerToken;
  /** How long a verdict may take, including retries, in milliseconds. 1000 by default. */
  deadlineMs?: number;
  /** Most headers whose verdicts are cached. 10,000 by default. */
  cacheEntriesMax?: number;
  /**
   * What cached verdicts and the headers of the last second may take, in bytes, by an estimate. An
   * access token with more than a quarter loses its own first. 32 MiB by default.
   */
  cacheBytesMax?: number;
  /**
   * How long the refusal of a header without a known access token is cached, in milliseconds. 1000
   * by default.
   */
  unknownTtlMs?: number;
  /** Most concurrent verifications; others fail with UsherUnavailable. 10,000 by default. */
  pendingMax?: number;
  /** Most headers in one message, not above the server's USHER_BATCH_MAX. 64 by default. */
  batchMax?: number;
  /** Pauses between attempts. By default 10 ms at first and 250 ms at most. */
  backoff?: BackoffLimits;
}

/** What the client needs on any platform. */
export interface UsherDeps extends UsherLimits {
  /** Servers that share one store. One is used until it fails, then the next. */
  addresses: readonly string[];
  /** Creates the transport for an address. */
  connect: Connect;
  /** For tests. */
  clock?: Clock;
  /** For tests: in [0, 1). */
  random?: () => number;
}

/** Verifies headers. */
export interface Usher {
  /**
   * Verifies the value of an Authorization header; undefined or "" when there was none. Rejects
   * with UsherUnavailable when there is no verdict in time (answer 503), and with TypeError for an
   * invalid requirement.
   */
  verify(header: string | null | undefined, options?: VerifyOptions): Promise<Verdict>;
  /** The cached verdict if there is a valid one, otherwise undefined. Throws TypeError as verify. */
  cached(header: string | null | undefined, options?: VerifyOptions): Verdict | undefined;
  /** Whether cached verdicts are valid now. */
  isWatching(): boolean;
  /** Resolves when that is so for the first time, for a service that waits for its cache. */
  ready(): Promise<void>;
  /** Closes connections and timers; pending verifications fail with UsherUnavailable. */
  close(): void;
}

/** Longer headers are malformed without asking the server. */
const headerCharactersMax = 65_536;
const noScopes: readonly string[] = [];

/** The options, whose names plain JavaScript can misspell. */
const optionNames: Record<keyof UsherDeps, true> = {
  addresses: true,
  connect: true,
  callerToken: true,
  clock: true,
  random: true,
  deadlineMs: true,
  cacheEntriesMax: true,
  cacheBytesMax: true,
  unknownTtlMs: true,
  pendingMax: true,
  batchMax: true,
  backoff: true,
};

/** Creates the client. Throws TypeError if `addresses` is empty, or an option is wrong or not known. */
export function createUsherOn(deps: UsherDeps): Usher {
  const unknown = Object.keys(deps).find(name => !Object.hasOwn(optionNames, name));
  if (unknown !== undefined) {
    throw unknownName('createUsher', unknown, ['transport', 'tls', ...Object.keys(optionNames)]);
  }
  const { clock = createClock(), random = Math.random, deadlineMs = 1000, callerToken } = deps;
  if (callerToken !== undefined) checkCallerToken(callerToken);
  const backoff = deps.backoff ?? { firstMs: 10, mostMs: 250 };
  const cache = createVerdictCache({
    bytesMax: deps.cacheBytesMax ?? 33_554_432,
    headersMax: deps.cacheEntriesMax ?? 10_000,
    unknownTtlMs: deps.unknownTtlMs ?? 1000,
    requirementsMax: 8,
    sourcesMax: 64,
    changesMax: 10_000,
    plainMs: 1000,
  });
  const links = createLinks(deps.addresses, deps.connect, callerToken);
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
    limits: { openMs: 2000, leaseMsMax: 60_000, refusedMs: 1000, backoff },
    clock,
    random,
    onValid,
  });
  const miss = createMiss(cache, asking.ask, clock);

  return {
    verify(header, options) {
      const wrong = misspelt(options);
      if (wrong !== undefined) return Promise.reject(wrong);
      const { audience = '', scopes = noScopes, source = '' } = options ?? {};
      const one = canonicalHeader(header ?? '');
      const verdict = cache.find(one, audience, scopes, source, clock());
      if (verdict !== undefined) return Promise.resolve(verdict);
      const trace = traceHeaders(options?.trace ?? activeSpan());
      return miss({ header: one, audience, scopes: [...scopes], source }, trace);
    },
    cached(header, options) {
      const wrong = misspelt(options);
      if (wrong !== undefined) throw wrong;
      const { audience = '', scopes = noScopes, source = '' } = options ?? {};
      return cache.find(canonicalHeader(header ?? ''), audience, scopes, sourceIn(source), clock());
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

/** A question in progress, whose answer equal questions may share. */
interface Fill {
  sent: boolean;
  answer: Promise<Answer>;
}

/** Asks for verdicts that are not cached, once for all equal concurrent questions. */
function createMiss(
  cache: VerdictCache,
  ask: ReturnType<typeof createAsk>['ask'],
  clock: Clock,
): (question: Question, trace: Headers | undefined) => Promise<Verdict> {
  const underWay = new Map<string, Fill>();

  const fill = async (question: Question, trace: Headers | undefined, self: { sent: boolean }) => {
    let mark = 0;
    let sentMs = 0;
    const onSend = () => {
      self.sent = true;
      mark = cache.mark();
      sentMs = clock();
    };
    const answer = await ask(question, onSend, trace);
    cache.keep(question, answer, mark, sentMs);
    return answer;
  };

  return async (asked, trace) => {
    checkRequirement(asked);
    const question = { ...asked, source: sourceIn(asked.source) };
    const { header, audience, scopes, source } = question;
    if (header.length > headerCharactersMax || !header.isWellFormed()) return malformed();
    const find = () => cache.find(header, audience, scopes, source, clock());
    const known = source === asked.source ? undefined : find();
    if (known !== undefined) return known;
    const key = JSON.stringify([header, audience, scopes, source]);
    for (;;) {
      const other = underWay.get(key);
      if (other === undefined) break;
      // A question sent before this one was asked may be answered from before a revocation. Its
      // answer is shared only if it was cached and is valid by now.
      const wasSent = other.sent;
      const { verdict, watchedTtlMs } = await other.answer;
      if (watchedTtlMs === 0) {
        // A token with a limit: each use counts, so each has a question of its own.
        return (await fill(question, trace, { sent: false })).verdict;
      }
      if (!wasSent) return verdict;
      const cached = find();
      if (cached !== undefined) return cached;
    }
    const self = { sent: false };
    const started: Fill = Object.assign(self, { answer: fill(question, trace, self) });
    underWay.set(key, started);
    try {
      return (await started.answer).verdict;
    } finally {
      if (underWay.get(key) === started) underWay.delete(key);
    }
  };
}
