/** Follows WatchInvalidations: there, elsewhere when it breaks, and from where it was when it can. */

import { type BackoffLimits, backoffMs } from './backoff.ts';
import type { Links } from './links.ts';
import type { VerdictCache } from './verdict-cache.ts';
import { createWatchReader, type WatchReader } from './watch-reader.ts';

/** Bounds of watching. */
export interface WatchLimits {
  /** How long the first message of a stream may take, in milliseconds. */
  openMs: number;
  /** Longest lease that is taken from a server, in milliseconds. */
  leaseMsMax: number;
  backoff: BackoffLimits;
}

/** What watching needs. */
export interface WatchDeps {
  links: Links;
  cache: VerdictCache;
  limits: WatchLimits;
  clock: () => number;
  /** In [0, 1). */
  random: () => number;
  /** Called whenever a message extends how long the cache is valid. */
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
      const extended = await watchOnce(place, deps, reader, closing.signal);
      if (closing.signal.aborted) return;
      links.leave(place);
      failures = extended ? 1 : failures + 1;
      await pause(backoffMs(failures, limits.backoff, random), closing.signal);
    }
  };
  void run();
  return () => closing.abort();
}

/** Watches one stream to its end. Resolves to whether it extended the cache. */
async function watchOnce(
  place: number,
  { links, cache, limits, clock, onValid }: WatchDeps,
  reader: WatchReader,
  closing: AbortSignal,
): Promise<boolean> {
  const stalled = new AbortController();
  const signal = AbortSignal.any([closing, stalled.signal]);
  // Before the call is sent: the server cannot have received it earlier.
  const openedMs = clock();
  let extended = false;
  // The cache can expire while the stream is open: cut silently, or the server lost the store.
  const check = setInterval(
    () => {
      const now = clock();
      if (now < openedMs + limits.openMs || now < cache.validUntilMs()) return;
      stalled.abort();
      links.all[place]?.reset();
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
  } catch {
    // However it ended, it is called again.
  } finally {
    clearInterval(check);
  }
  return extended;
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
