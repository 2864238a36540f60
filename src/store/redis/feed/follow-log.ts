/** Follows the audit log by word of its entries, and by the log itself where word was missed. */

import type { ChainHead } from '../../audit.ts';
import type { AuditLog } from '../../store.ts';

/** An entry of the log as it is published. */
interface Published {
  sequence: number;
  /** Hash of the entry before. */
  previous: string;
  hash: string;
  /** The access token; "" when the entry is about none. */
  id: string;
}

/** Tells what a log says has changed. */
export interface LogFollower {
  /** Tells of an entry. False when others before it were missed, or it was told before. */
  tell(entry: Published): boolean;
  /** Tells of every entry up to the end of the log as it is when this is asked. Throws Unavailable. */
  look(): Promise<void>;
}

/** Follows a log from its end. More than `entriesMax` missed entries are not told one by one. */
export function followLog(
  log: Pick<AuditLog, 'head' | 'events'>,
  entriesMax: number,
  events: { changed(id: string): void; changedAll(): void },
): LogFollower {
  let known: ChainHead | undefined;
  /** Hashes of the entries that were told since the look under way began. */
  let told = new Set<string>();

  const tell = (id: string, to: ChainHead) => {
    if (id !== '') events.changed(id);
    told.add(to.hash);
    known = to;
  };
  /** Another log, or too much to tell. */
  const tellAll = (to: ChainHead) => {
    known = to;
    told.add(to.hash);
    events.changedAll();
  };

  const catchUp = async (from: ChainHead, head: ChainHead) => {
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
      // A message may have told more meanwhile than the log had when it was asked.
      if (!told.has(head.hash)) await catchUp(from, head);
    },
  };
}
