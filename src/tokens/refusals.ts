/** Puts refused calls into the audit log, so many a minute: a flood of them must not fill the store. */

import type { Audit } from './audit.ts';

/** A call of the API that was refused. */
interface Refusal {
  /** UUID of the caller's access token, "admin", or "" for someone unknown. */
  actor: string;
  peer: string;
  /** The rpc and why it was refused. */
  detail: string;
}

/** Writes refusals. Throws Unavailable. */
export type NoteRefusal = (refusal: Refusal) => Promise<void>;

const minuteMs = 60_000;

/** Makes the writer. Beyond `perMinuteMax` they are counted, and the count is written as one event. */
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
        const detail = `${missing} more refused calls were counted, not recorded`;
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
