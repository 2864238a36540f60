/** Applies the messages of WatchInvalidations to the cache. */

import { durationMs } from '@bufbuild/protobuf/wkt';
import type { WatchInvalidationsResponse } from '../gen/usher/v1/verifier_pb.ts';
import type { VerdictCache } from './verdict-cache.ts';

/** Reads the messages of successive streams. */
export interface WatchReader {
  /** The position to resume from; "" before the first message. */
  position(): string;
  /**
   * Applies a message of the stream whose call was sent after `openedMs`. Returns whether it
   * extended the validity of the cache.
   */
  read(message: WatchInvalidationsResponse, openedMs: number): boolean;
}

/**
 * Creates a reader. A lease is at most `leaseMsMax` milliseconds, even if the server grants more.
 */
export function createWatchReader(cache: VerdictCache, leaseMsMax: number): WatchReader {
  let position = '';
  let instance = '';
  let leaseMs = 0;
  return {
    position: () => position,
    read({ event, position: now, heard, lease }, openedMs) {
      const [from = ''] = now.split(':');
      position = now;
      if (lease !== undefined) leaseMs = Math.min(durationMs(lease), leaseMsMax);
      // Invalidates first, then extends the validity of the rest.
      if (event.case === 'reset' || from !== instance) {
        instance = from;
        cache.reset(instance);
      }
      if (event.case === 'changed') cache.changed(event.value.tokenIds);
      if (heard === undefined) return false;
      cache.extendTo(openedMs + durationMs(heard) + leaseMs);
      return true;
    },
  };
}
