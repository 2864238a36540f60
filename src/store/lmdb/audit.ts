/** The audit log in the embedded store. */

import {
  type AuditEvent,
  type ChainedEvent,
  type ChainHead,
  chain,
  emptyChain,
  headOf,
} from '../audit.ts';
import type { Tables } from './tables.ts';

/** The head of the log. */
export function head(tables: Tables): ChainHead {
  const text = tables.root.get('audit-head');
  if (text === undefined) return emptyChain;
  const { sequence, hash, time = timeOf(tables, sequence) } = JSON.parse(text) as ChainHead;
  return { sequence, hash, time };
}

/** The time of an entry; heads that earlier versions wrote do not have it. */
function timeOf(tables: Tables, sequence: number): number {
  const text = tables.audit.get(sequence);
  return text === undefined ? 0 : (JSON.parse(text) as ChainedEvent).time;
}

/** Appends an event, in a write transaction. */
export function append(tables: Tables, event: AuditEvent): void {
  putEntry(tables, chain(head(tables), event));
}

/** Writes an entry behind the head, in a write transaction. */
export function putEntry(tables: Tables, entry: ChainedEvent): void {
  tables.audit.put(entry.sequence, JSON.stringify(entry));
  tables.auditIds.put(entry.id, String(entry.sequence));
  if (entry.tokenId !== '') tables.auditByToken.put([entry.tokenId, entry.sequence], '');
  tables.root.put('audit-sequence', String(entry.sequence));
  tables.root.put('audit-head', JSON.stringify(headOf(entry)));
}

/** Removes up to `limit` of the oldest entries, none after `upTo`, in a write transaction. Whether there may be more. */
export function removeEvents(tables: Tables, upTo: number, limit: number): boolean {
  const sequences = [...tables.audit.getKeys({ end: upTo + 1, limit })];
  for (const sequence of sequences) {
    const { id, tokenId } = JSON.parse(tables.audit.get(sequence) ?? '{}') as ChainedEvent;
    if (tokenId !== '') tables.auditByToken.remove([tokenId, sequence]);
    tables.auditIds.remove(id);
    tables.audit.remove(sequence);
  }
  return sequences.length === limit;
}
