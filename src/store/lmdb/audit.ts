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
  const entry = chain(head(tables), event);
  tables.audit.put(entry.sequence, JSON.stringify(entry));
  tables.auditIds.put(entry.id, String(entry.sequence));
  if (entry.tokenId !== '') tables.auditByToken.put([entry.tokenId, entry.sequence], '');
  tables.root.put('audit-sequence', String(entry.sequence));
  tables.root.put('audit-head', JSON.stringify(headOf(entry)));
}
