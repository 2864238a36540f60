/** Documents in memory, for tests of what is built on them. */

import type { AuditEvent } from '../../../src/store/audit.ts';
import type { DocumentChange, Documents, StoredDocument } from '../../../src/store/documents.ts';

/** The documents, and the events that were written with their changes, each once. */
export interface MemoryDocuments extends Documents {
  events: Map<string, AuditEvent>;
}

/** Creates them. */
export function memoryDocuments(): MemoryDocuments {
  const all = new Map<string, StoredDocument>();
  const events = new Map<string, AuditEvent>();
  const copy = (found: StoredDocument | undefined) => found && structuredClone(found);
  return {
    events,
    document: (collection, id) => copy(all.get(`${collection}/${id}`)),
    documents: ({ collection, after = '', prefix = '', limit }) =>
      [...all]
        .filter(([key]) => key.startsWith(`${collection}/${prefix}`))
        .map(([, found]) => structuredClone(found))
        .filter(({ id }) => id > after)
        .sort((a, b) => (a.id < b.id ? -1 : 1))
        .slice(0, limit),
    async changeDocument({ collection, id, before, body, event }: DocumentChange) {
      const key = `${collection}/${id}`;
      if (event !== undefined && events.has(event.id)) return 'done';
      if ((all.get(key)?.revision ?? 0) !== before) return 'conflict';
      if (body === undefined) all.delete(key);
      else all.set(key, { id, revision: before + 1, body: structuredClone(body) });
      if (event !== undefined) events.set(event.id, event);
      return 'done';
    },
  };
}
