/** Follows WatchInvalidations; resumes at the last position, at the next server if it breaks. */

import { tlsFault } from '../tls/fault.ts';
import { soon } from './ask.ts';
import { type BackoffLimits, backoffMs } from './backoff.ts';
import { isRefusal } from './caller-token.ts';
import type { Links } from './links.ts';
import type { VerdictCache } from './verdict-cache.ts';
import { createWatchReader, type WatchReader } from './watch-reader.ts';

/** Limits of watching. */
interface WatchLimits {
  /** How long the first message that validates the cache may take, in milliseconds. */
  openMs: number;
  /** Longest lease, even if the server grants more, in milliseconds. */
  leaseMsMax: number;
  /** The pause after the server refused the caller, or its certificate was refused, in milliseconds. */
  refusedMs: number;
  /** Pauses before the stream is opened again. */
  backoff: BackoffLimits;
}

/** What watching needs. */
export interface WatchDeps {
  links: Links;
  /** The cache to invalidate. */
  cache: VerdictCache;
  limits: WatchLimits;
  /** Milliseconds since an arbitrary time. */
  clock: () => number;
  /** In [0, 1). */
  random: () => number;
  /** Called when the validity of cached verdicts is extended. */
  onValid(): void;
}

/** Watches until the returned function is called. */
export function followWatch(deps: WatchDeps): () => void {
  const { links, cache, limits, random } = deps;
  const closing = new AbortController();
  const reader = createWatchReader(cache, limits.leaseMsMax);

  const run = async () => {
    for (let failures = 0; !closing.signal.aborted; ) {
      const place = links.current();
      const { extended, refused } = await watchOnce(place, deps, reader, closing.signal);
      if (closing.signal.aborted) return;
      links.leave(place);
      failures = extended ? 1 : failures + 1;
      const ms = refused ? limits.refusedMs : backoffMs(failures, limits.backoff, random);
      await pause(ms, closing.signal);
    }
  };
  void run();
  return () => closing.abort();
}

/** How a stream ended. */
interface Watched {
  /** Whether it ever validated the cache. */
  extended: boolean;
  /** Whether the next one will hardly fare better: the caller or a certificate was refused. */
  refused: boolean;
}

/** Follows one stream to its end. */
async function watchOnce(
  place: number,
  { links, cache, limits, clock, onValid }: WatchDeps,
  reader: WatchReader,
  closing: AbortSignal,
): Promise<Watched> {
  const stalled = new AbortController();
  const signal = AbortSignal.any([closing, stalled.signal]);
  // Measured before sending: it must not be later than when the server receives the call.
  const openedMs = clock();
  let extended = false;
  let refused = false;
  // The lease can expire on an open stream: a broken connection, or a server without its store.
  const isLate = () => clock() >= Math.max(openedMs + limits.openMs, cache.validUntilMs());
  const giveUp = () => {
    if (signal.aborted || !isLate()) return;
    stalled.abort();
    links.all[place]?.reset();
  };
  const check = setInterval(
    () => {
      // After a stall of this process the timer fires before messages that have arrived are read.
      if (isLate()) soon(giveUp);
    },
    Math.max(10, limits.openMs / 8),
  );
  try {
    const resumePosition = reader.position();
    const messages = links.all[place]?.client.watchInvalidations({ resumePosition }, { signal });
    for await (const message of messages ?? []) {
      if (signal.aborted) break;
      if (!reader.read(message, openedMs)) continue;
      extended = true;
      onValid();
    }
  } catch (error) {
    // The stream is opened again after any error.
    refused = isRefusal(error) || tlsFault(error) !== undefined;
  } finally {
    clearInterval(check);
  }
  return { extended, refused };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
