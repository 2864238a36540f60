/** A store in memory that can lose its past, for tests of the continuity. */

import { type AuditEvent, type ChainedEvent, chain, emptyChain } from '../../../src/store/audit.ts';
import type { Loss } from '../../../src/store/continuity/loss-entries.ts';
import type { WatchedStore } from '../../../src/store/continuity/notes.ts';
import {
  type DocumentChange,
  prepareChange,
  type StoredDocument,
} from '../../../src/store/documents.ts';
import type { AccessTokenRecord } from '../../../src/store/record.ts';
import type { AuditScan, Change } from '../../../src/store/store.ts';

/** What it holds; a test may copy it, and put it back. */
export interface Content {
  log: ChainedEvent[];
  records: Map<string, AccessTokenRecord>;
  /** By collection, a slash, and id. */
  documents: Map<string, StoredDocument>;
  identity?: string;
  lost?: string;
  accepted: Set<string>;
  losses: Map<string, Loss>;
  endedSessions: Set<string>;
}

/** The store. */
export interface MemoryStore extends WatchedStore {
  content: Content;
  /** A copy of what it holds. */
  copy(): Content;
}

/** What an empty one holds. */
export function emptyContent(): Content {
  return {
    ...{ log: [], records: new Map(), documents: new Map() },
    ...{ accepted: new Set(), losses: new Map(), endedSessions: new Set() },
  };
}

/** Creates an empty one. */
export function memoryStore(): MemoryStore {
  const append = async (event: AuditEvent) => {
    const { log } = store.content;
    if (log.some(({ id }) => id === event.id)) return;
    const last = log.at(-1);
    const head = last ? { ...emptyChain, ...last } : emptyChain;
    log.push(chain(head, event));
  };
  const events = async ({ order, after, limit }: AuditScan) => {
    const { log } = store.content;
    const isNewest = order === 'newest';
    const from = after ?? (isNewest ? Number.POSITIVE_INFINITY : 0);
    const found = log.filter(({ sequence }) => (isNewest ? sequence < from : sequence > from));
    return (isNewest ? found.reverse() : found).slice(0, limit);
  };
  const get = async (id: string) => store.content.records.get(id);
  const commit = async ({ before, record, event }: Change) => {
    const current = store.content.records.get(record.id);
    if (current?.revision !== before?.revision || current?.revokedAt !== undefined) {
      return { outcome: 'conflict' } as const;
    }
    store.content.records.set(record.id, record);
    await append(event);
    return { outcome: 'done' } as const;
  };
  const document = async (collection: string, id: string) =>
    store.content.documents.get(`${collection}/${id}`);
  const changeDocument = async (change: DocumentChange) => {
    const { collection, id, before, document: after, event } = prepareChange(change);
    const name = `${collection}/${id}`;
    const { documents } = store.content;
    if ((documents.get(name)?.revision ?? 0) !== before) return 'conflict' as const;
    if (after === undefined) documents.delete(name);
    else documents.set(name, after);
    if (event !== undefined) await append(event);
    return 'done' as const;
  };
  const store: MemoryStore = {
    content: emptyContent(),
    copy: () => structuredClone(store.content),
    reads: { events, get, document },
    changes: {
      ...{ events, get, document, commit, changeDocument, append, note: append },
      async endSession(id) {
        store.content.endedSessions.add(id);
      },
    },
    notes: {
      read() {
        const { identity, lost } = store.content;
        return { ...(identity ? { identity } : {}), ...(lost ? { lost } : {}) };
      },
      async claim(identity) {
        if (store.content.lost === undefined) store.content.identity ??= identity;
      },
      async noteLoss(identity) {
        if (store.content.identity === undefined) store.content.lost ??= identity;
      },
      async accept(identity, hashes) {
        delete store.content.lost;
        store.content.identity ??= identity;
        for (const hash of hashes) store.content.accepted.add(hash);
      },
      isAccepted: hash => store.content.accepted.has(hash),
      async keepLoss(eventId, loss) {
        store.content.losses.set(eventId, loss);
      },
      losses: () => [...store.content.losses.values()],
      async forgetLosses() {
        store.content.losses.clear();
      },
      writeHead: async () => undefined,
      heads: () => [],
    },
  };
  return store;
}
