/** Records refused calls in the audit log, rate-limited so that a flood does not fill the store. */

import type { Audit } from './audit.ts';

/** A refused call of the administrative API. */
interface Refusal {
  /** UUID of the caller's access token, "admin", or "" for an unknown caller. */
  actor: string;
  /** The caller's network address as the server saw it. */
  peer: string;
  /** The rpc and its error. */
  detail: string;
}

/** Records a refusal. Throws Unavailable. */
export type NoteRefusal = (refusal: Refusal) => Promise<void>;

const minuteMs = 60_000;

/**
 * Creates the recorder. Beyond `perMinuteMax` refusals a minute it only counts them, and the next
 * minute's first refusal adds the count as one event. `now` is in milliseconds since 1970.
 */
export function createNoteRefusal(
  audit: Pick<Audit, 'add'>,
  now: () => number,
  perMinuteMax: number,
): NoteRefusal {
  let minute = 0;
  let noted = 0;
  let unnoted = 0;
  return async refusal => {
    const current = Math.floor(now() / minuteMs);
    if (current !== minute) {
      const missing = unnoted;
      minute = current;
      noted = 0;
      unnoted = 0;
      if (missing > 0) {
        const detail = `${missing} more refused calls were counted but not recorded`;
        await audit.add({ action: 'call.refused', actor: '', peer: '', detail });
      }
    }
    if (noted >= perMinuteMax) {
      unnoted++;
      return;
    }
    noted++;
    await audit.add({ action: 'call.refused', ...refusal });
  };
}
