/** Follows WatchInvalidations: there, elsewhere when it breaks, and from where it was when it can. */

import { durationMs } from '@bufbuild/protobuf/wkt';
import type { WatchInvalidationsResponse } from '../gen/usher/v1/verifier_pb.ts';
import { type BackoffLimits, backoffMs } from './backoff.ts';
import type { KeptVerdicts } from './kept-verdicts.ts';
import type { Links } from './links.ts';

/** Bounds of watching. */
export interface WatchLimits {
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
  const { links, limits, random } = deps;
  const closing = new AbortController();
  const apply = createApply(deps);

  const run = async () => {
    for (let failures = 0; !closing.signal.aborted; ) {
      const place = links.current();
      const heard = await watchOnce(place, deps, apply, closing.signal);
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
  { links, kept, limits, clock }: WatchDeps,
  apply: ReturnType<typeof createApply>,
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
    const resumePosition = apply.position();
    const messages = links.all[place]?.client.watchInvalidations({ resumePosition }, { signal });
    for await (const message of messages ?? []) {
      if (signal.aborted) break;
      heard = apply.message(message, openedMs) || heard;
    }
  } catch {
    // However it ended, it is called again.
  } finally {
    clearInterval(check);
  }
  return heard;
}

/** What the messages of all streams, one after the other, mean for what is kept. */
function createApply({ kept, limits, onBelief }: WatchDeps) {
  let position = '';
  let instance = '';
  let leaseMs = 0;
  return {
    position: () => position,
    /** Returns whether more may be believed. The order matters: first what to drop, then that. */
    message(message: WatchInvalidationsResponse, openedMs: number): boolean {
      const { event, heard, lease } = message;
      const [from = ''] = message.position.split(':');
      position = message.position;
      if (lease !== undefined) leaseMs = Math.min(durationMs(lease), limits.leaseMsMax);
      if (event.case === 'reset' || from !== instance) {
        instance = from;
        kept.reset(instance);
      }
      if (event.case === 'changed') kept.changed(event.value.tokenIds);
      if (heard === undefined) return false;
      kept.believe(openedMs + durationMs(heard) + leaseMs);
      onBelief();
      return true;
    },
  };
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
