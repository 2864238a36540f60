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
import type { Unavailable } from '../store.ts';
import type { Links } from './links.ts';
import type { Tables } from './tables.ts';

/** Where the root table holds the head. */
export const headKey = 'audit-head';

/** The log. What writes must run inside a write transaction. */
export interface LmdbLog {
  /** The last entry. Throws Unavailable when the notes of it do not agree. */
  head(): ChainHead;
  /** The entry of a sequence number; undefined outside the log. Throws Unavailable when it is damaged. */
  entry(sequence: number): ChainedEvent | undefined;
  /** The sequence number of the oldest entry that is kept. Throws Unavailable. */
  first(): number;
  /** The error for an entry that should be there. */
  missing(): Unavailable;
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
  const entry = (sequence: number) => {
    const text = audit.get(sequence);
    if (text === undefined) return undefined;
    const found = JSON.parse(text) as ChainedEvent;
    if (found.sequence !== sequence) throw sealed.unproven('audit');
    return found;
  };
  const head = () => {
    const text = root.get(headKey);
    if (text === undefined) links.proveAbsent('root', [headKey]);
    const noted = Number(root.get('audit-sequence') ?? 0);
    const { sequence, hash, time } =
      text === undefined ? emptyChain : (JSON.parse(text) as ChainHead);
    if (sequence !== noted) throw sealed.unproven('audit');
    // Heads that earlier versions wrote have no time.
    return { sequence, hash, time: time ?? entry(sequence)?.time ?? 0 };
  };
  const putEntry = (added: ChainedEvent) => {
    const { id, tokenId, sequence } = added;
    if (root.get(headKey) === undefined) {
      links.add('root', [headKey]);
      links.put('audit', [], [sequence]);
    }
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
    entry,
    putEntry,
    missing: () => sealed.unproven('audit'),
    first: () => Number(links.first('audit')[0] ?? 1),
    append: event => putEntry(chain(head(), event)),
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
      const last = sequences.at(-1);
      if (last !== undefined) links.put('audit', [], [last + 1]);
      return sequences.length === limit;
    },
  };
}
