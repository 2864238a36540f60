/**
 * Slows those who guess credentials: what a source got wrong within a minute is counted, and past a limit
 * its next attempts are refused before anything is looked up.
 */

import { hash } from 'node:crypto';
import { createWindowCounts } from '../caching/window-counts.ts';
import { TokenError } from './errors.ts';
import type { GuessLimits } from './limits.ts';
import { sourceOf } from './source.ts';

/** Why an attempt was refused: too many in a minute were wrong, or too many are under way. */
export type SlowedReason = 'minute' | 'at-once';

/** An attempt that has begun; it counts as wrong until it ends. */
export interface Attempt {
  /** Ends it, before its answer is sent. Has no effect a second time. */
  end(wasWrong: boolean): void;
}

/** The attempts of all sources. Addresses are those of clients, behind trusted proxies. */
export interface Guesses {
  /** What the counts weigh, in bytes. */
  readonly bytes: number;
  /**
   * Begins an attempt with a credential that memory does not know as good. Throws
   * TokenError RESOURCE_EXHAUSTED for a source that is slowed.
   */
  begin(address: string): Attempt;
  /**
   * Makes an attempt, or joins the one under way with this credential from this address. A wrong credential
   * that a source repeats counts once for the source, since it tries nothing new: a client with an old token
   * does not lock out others behind its address. It is itself slowed like a source. Throws what `begin` and
   * `prove` throw.
   */
  attempt<T>(
    address: string,
    credential: string,
    prove: () => Promise<T>,
    isWrong: (answer: T) => boolean,
  ): Promise<T>;
  /** Remembers that the admin token of the configuration came from a source. */
  adminCameFrom(address: string): void;
  /** Whether it did. */
  hasAdminComeFrom(address: string): boolean;
}

/** What it needs. */
export interface GuessDeps {
  limits: GuessLimits;
  /** `performance.now`. */
  monotonicMs: () => number;
  /** Called for each attempt that was wrong. */
  onWrong(): void;
  /** Called for each attempt that was refused. */
  onSlowed(reason: SlowedReason, source: string): void;
}

/** The message of a call whose source is slowed. */
export const slowedText = 'too many attempts with a wrong credential; try again later';

const windowMs = 60_000;
/** The wait that a source with too many attempts under way is answered, in milliseconds. */
const soonMs = 1000;

/** Creates it. */
export function createGuesses(deps: GuessDeps): Guesses {
  const { limits, monotonicMs } = deps;
  const half = { windowMs, bytesMax: limits.bytesMax / 2 };
  const wrong = createWindowCounts(half, monotonicMs);
  /** Wrong credentials, by their source and digest. */
  const repeated = createWindowCounts(half, monotonicMs);
  /** Attempts under way by source. */
  const open = new Map<string, number>();
  const joint = new Map<string, Promise<unknown>>();
  const adminSources = new Set<string>();

  const refuse = (reason: SlowedReason, source: string, retryAfterMs: number): never => {
    deps.onSlowed(reason, source);
    throw new TokenError('RESOURCE_EXHAUSTED', slowedText, [], retryAfterMs);
  };

  const begin = (address: string, credential?: string): Attempt => {
    const source = sourceOf(address);
    const name = credential && `${source} ${hash('sha256', credential, 'base64url')}`;
    const againMs = name ? repeated.waitMs(name, limits.perMinuteMax) : 0;
    if (againMs > 0) refuse('minute', source, againMs);
    const underWay = open.get(source) ?? 0;
    if (underWay >= limits.atOnceMax) refuse('at-once', source, soonMs);
    const waitMs = wrong.waitMs(source, limits.perMinuteMax);
    if (waitMs > 0) refuse('minute', source, waitMs);
    // Those under way may all turn out wrong.
    if (wrong.of(source) + underWay >= limits.perMinuteMax) refuse('at-once', source, soonMs);
    open.set(source, underWay + 1);
    let isOpen = true;
    return {
      end(wasWrong) {
        if (!isOpen) return;
        isOpen = false;
        const left = (open.get(source) ?? 1) - 1;
        if (left > 0) open.set(source, left);
        else open.delete(source);
        if (!wasWrong) return;
        deps.onWrong();
        if (!name || !repeated.has(name)) wrong.add(source);
        if (name) repeated.add(name);
      },
    };
  };

  const prove = async <T>(
    attempt: Attempt,
    look: () => Promise<T>,
    isWrong: (answer: T) => boolean,
  ): Promise<T> => {
    try {
      const answer = await look();
      attempt.end(isWrong(answer));
      return answer;
    } finally {
      // Without an answer it is no wrong guess.
      attempt.end(false);
    }
  };

  return {
    get bytes() {
      return wrong.bytes + repeated.bytes;
    },
    begin: address => begin(address),
    attempt<T>(
      address: string,
      credential: string,
      look: () => Promise<T>,
      isWrong: (answer: T) => boolean,
    ) {
      const name = `${address} ${credential}`;
      const known = joint.get(name) as Promise<T> | undefined;
      if (known !== undefined) return known;
      const proving = prove(begin(address, credential), look, isWrong).finally(() =>
        joint.delete(name),
      );
      joint.set(name, proving);
      return proving;
    },
    adminCameFrom(address) {
      const source = sourceOf(address);
      adminSources.delete(source);
      adminSources.add(source);
      const [oldest = ''] = adminSources;
      if (adminSources.size > limits.adminSourcesMax) adminSources.delete(oldest);
    },
    hasAdminComeFrom: address => adminSources.has(sourceOf(address)),
  };
}
