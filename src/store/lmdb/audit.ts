/** The audit log in the embedded store. */

import {
  type AuditEvent,
  type ChainedEvent,
  type ChainHead,
  chain,
  emptyChain,
  headOf,
} from '../audit.ts';
import type { SealedRecords } from '../format/sealed.ts';
import type { Links } from './links.ts';
import type { Tables } from './tables.ts';

/** Where the root table holds the head. */
export const headKey = 'audit-head';

/** The log. What writes must run inside a write transaction. */
export interface LmdbLog {
  /** The last entry. Throws Unavailable when it is not known. */
  head(): ChainHead;
  /** The same, to append to: throws Unavailable when the log goes on behind it, or does not reach it. */
  end(): ChainHead;
  /** Appends an event. */
  append(event: AuditEvent): void;
  /** Writes an entry behind the head. */
  putEntry(entry: ChainedEvent): void;
  /** Removes up to `limit` of the oldest entries, none after `upTo`. Whether there may be more. */
  removeEvents(upTo: number, limit: number): boolean;
}

/** Creates it. */
export function lmdbLog(tables: Tables, sealed: SealedRecords, links: Links): LmdbLog {
  const { root, audit, auditIds, auditByToken } = tables;
  const entryAt = (sequence: number) => {
    const text = audit.get(sequence);
    return text === undefined ? undefined : (JSON.parse(text) as ChainedEvent);
  };
  const head = () => {
    const text = root.get(headKey);
    if (text === undefined) {
      links.proveAbsent('root', [headKey]);
      return emptyChain;
    }
    const { sequence, hash, time } = JSON.parse(text) as ChainHead;
    // Heads that earlier versions wrote have no time.
    return { sequence, hash, time: time ?? entryAt(sequence)?.time ?? 0 };
  };
  const end = () => {
    const last = head();
    const isThere = last.sequence === 0 || entryAt(last.sequence)?.hash === last.hash;
    if (!isThere || audit.get(last.sequence + 1) !== undefined) throw sealed.unproven('audit');
    return last;
  };
  const putEntry = (added: ChainedEvent) => {
    const { id, tokenId, sequence } = added;
    if (root.get(headKey) === undefined) links.add('root', [headKey]);
    audit.put(sequence, JSON.stringify(added));
    auditIds.put(id, String(sequence));
    if (tokenId !== '') {
      links.add('audit-by-token', [tokenId, sequence]);
      auditByToken.put([tokenId, sequence], '');
    }
    root.put('audit-sequence', String(sequence));
    root.put(headKey, JSON.stringify(headOf(added)));
  };
  return {
    head,
    end,
    putEntry,
    append: event => putEntry(chain(end(), event)),
    removeEvents(upTo, limit) {
      const sequences = [...audit.getKeys({ end: upTo + 1, limit })];
      for (const sequence of sequences) {
        const { id, tokenId } = JSON.parse(audit.get(sequence) ?? '{}') as ChainedEvent;
        if (tokenId !== '') {
          auditByToken.remove([tokenId, sequence]);
          links.remove('audit-by-token', [tokenId, sequence]);
        }
        auditIds.remove(id);
        audit.remove(sequence);
      }
      return sequences.length === limit;
    },
  };
}
