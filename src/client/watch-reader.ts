/** What the messages of a watch mean for the cache. */

import { durationMs } from '@bufbuild/protobuf/wkt';
import type { WatchInvalidationsResponse } from '../gen/usher/v1/verifier_pb.ts';
import type { VerdictCache } from './verdict-cache.ts';

/** Reads the messages of all streams, one stream after the other. */
export interface WatchReader {
  /** Where to resume; "" before the first message. */
  position(): string;
  /**
   * Reads a message of the stream that was opened at this time, taken before the call was sent. Returns
   * whether it extends how long the cache is valid.
   */
  read(message: WatchInvalidationsResponse, openedMs: number): boolean;
}

/** Makes it. A longer lease than `leaseMsMax`, in milliseconds, is cut to it. */
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
      // First what to drop, then until when the rest is valid.
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
