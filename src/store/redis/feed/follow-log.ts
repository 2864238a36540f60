/** Follows the audit log by published entries, and reads the log itself when some were missed. */

import type { ChainHead } from '../../audit.ts';
import type { AuditLog } from '../../store.ts';

/** An entry of the log as the scripts publish it. */
interface Published {
  /** Its sequence number. */
  sequence: number;
  /** Hash of the previous entry. */
  previous: string;
  /** Hash of the entry. */
  hash: string;
  /** UUID of the access token concerned; "" when there is none. */
  id: string;
}

/** A place in the log. */
type Place = Pick<ChainHead, 'sequence' | 'hash'>;

/** Tells what a log says has changed. */
export interface LogFollower {
  /** Announces a published entry. False when it does not follow the last announced one. */
  tell(entry: Published): boolean;
  /** Announces every entry up to the end that the log has at the call. Throws Unavailable. */
  look(): Promise<void>;
}

/** Follows a log from its present end. More than `entriesMax` missed entries are a changedAll. */
export function followLog(
  log: Pick<AuditLog, 'head' | 'events'>,
  entriesMax: number,
  events: { changed(id: string): void; changedAll(): void },
): LogFollower {
  let known: Place | undefined;
  /** Hashes of the entries that were told since the look under way began. */
  let told = new Set<string>();

  const tell = (id: string, to: Place) => {
    if (id !== '') events.changed(id);
    told.add(to.hash);
    known = to;
  };
  /** Another log, or too much to tell. */
  const tellAll = (to: Place) => {
    known = to;
    told.add(to.hash);
    events.changedAll();
  };

  const catchUp = async (from: Place, head: Place) => {
    const behind = from.sequence - 1;
    const missing = head.sequence - from.sequence;
    if (missing <= 0 || missing > entriesMax) return tellAll(head);
    const entries = await log.events({
      order: 'oldest',
      ...(behind > 0 ? { after: behind } : {}),
      limit: missing + 1,
    });
    const isSameLog = from.sequence === 0 || entries[0]?.hash === from.hash;
    if (!isSameLog || !entries.some(({ hash }) => hash === head.hash)) return tellAll(head);
    for (const { hash, tokenId } of entries) {
      if (!told.has(hash) && tokenId !== '') events.changed(tokenId);
    }
    const last = entries.at(-1);
    if (last !== undefined && last.sequence > (known?.sequence ?? 0)) known = last;
  };

  return {
    tell({ sequence, previous, hash, id }) {
      const isNext = known !== undefined && previous === known.hash;
      if (isNext) tell(id, { sequence, hash });
      else if (id !== '') events.changed(id);
      return isNext;
    },
    async look() {
      const from = known;
      told = new Set(from === undefined ? [] : [from.hash]);
      const head = await log.head();
      if (from === undefined) return tellAll(head);
      // Messages may meanwhile have announced more than the log held when it was read.
      if (!told.has(head.hash)) await catchUp(from, head);
    },
  };
}
