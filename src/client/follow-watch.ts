/** Follows WatchInvalidations: there, elsewhere when it breaks, and from where it was when it can. */

import { type BackoffLimits, backoffMs } from './backoff.ts';
import type { KeptVerdicts } from './kept-verdicts.ts';
import type { Links } from './links.ts';
import { createWatchReader, type WatchReader } from './watch-reader.ts';

/** Bounds of watching. */
interface WatchLimits {
  /** How long the first word may take, in milliseconds. */
  openMs: number;
  /** Silence is never believed longer than this, whatever the server allows, in milliseconds. */
  leaseMsMax: number;
  backoff: BackoffLimits;
}

/** What watching needs. */
export interface WatchDeps {
  links: Links;
  kept: KeptVerdicts;
  limits: WatchLimits;
  clock: () => number;
  /** In [0, 1). */
  random: () => number;
  /** Is told when what is kept may be believed further. */
  onBelief(): void;
}

/** Watches until the returned function is called. */
export function followWatch(deps: WatchDeps): () => void {
  const { links, kept, limits, random } = deps;
  const closing = new AbortController();
  const reader = createWatchReader(kept, limits.leaseMsMax);

  const run = async () => {
    for (let failures = 0; !closing.signal.aborted; ) {
      const place = links.current();
      const heard = await watchOnce(place, deps, reader, closing.signal);
      if (closing.signal.aborted) return;
      links.leave(place);
      failures = heard ? 1 : failures + 1;
      await pause(backoffMs(failures, limits.backoff, random), closing.signal);
    }
  };
  void run();
  return () => closing.abort();
}

/** Watches one stream to its end. Resolves to whether it ever let anything be believed. */
async function watchOnce(
  place: number,
  { links, kept, limits, clock, onBelief }: WatchDeps,
  reader: WatchReader,
  closing: AbortSignal,
): Promise<boolean> {
  const stalled = new AbortController();
  const signal = AbortSignal.any([closing, stalled.signal]);
  // Before the call is sent: the server cannot have received it earlier.
  const openedMs = clock();
  let heard = false;
  // What is believed can end while the stream stays: cut in silence, or without word of the store.
  const check = setInterval(
    () => {
      const now = clock();
      if (now < openedMs + limits.openMs || now < kept.believedUntilMs()) return;
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
      heard = true;
      onBelief();
    }
  } catch {
    // However it ended, it is called again.
  } finally {
    clearInterval(check);
  }
  return heard;
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
