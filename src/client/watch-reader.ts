/** What the messages of a watch mean for what is kept. */

import { durationMs } from '@bufbuild/protobuf/wkt';
import type { WatchInvalidationsResponse } from '../gen/usher/v1/verifier_pb.ts';
import type { VerdictCache } from './verdict-cache.ts';

/** Reads the messages of all streams, one stream after the other. */
export interface WatchReader {
  /** Where to resume; "" before the first message. */
  position(): string;
  /**
   * Reads a message of the stream that was opened at this time, taken before the call was sent. Returns
   * whether it says how far what is kept can be believed.
   */
  read(message: WatchInvalidationsResponse, openedMs: number): boolean;
}

/** Makes it. Silence is never believed longer than `leaseMsMax`, whatever the server allows. */
export function createWatchReader(kept: VerdictCache, leaseMsMax: number): WatchReader {
  let position = '';
  let instance = '';
  let leaseMs = 0;
  return {
    position: () => position,
    read({ event, position: now, heard, lease }, openedMs) {
      const [from = ''] = now.split(':');
      position = now;
      if (lease !== undefined) leaseMs = Math.min(durationMs(lease), leaseMsMax);
      // First what to drop, then how far to believe the rest.
      if (event.case === 'reset' || from !== instance) {
        instance = from;
        kept.reset(instance);
      }
      if (event.case === 'changed') kept.changed(event.value.tokenIds);
      if (heard === undefined) return false;
      kept.believe(openedMs + durationMs(heard) + leaseMs);
      return true;
    },
  };
}
