/** A store in memory that can lose its past, for tests of the continuity. */

import { type AuditEvent, type ChainedEvent, chain, emptyChain } from '../../../src/store/audit.ts';
import type { WatchedStore } from '../../../src/store/continuity/notes.ts';
import type { AccessTokenRecord } from '../../../src/store/record.ts';
import type { AuditScan, Change } from '../../../src/store/store.ts';

/** What it holds; a test may copy it, and put it back. */
export interface Content {
  log: ChainedEvent[];
  records: Map<string, AccessTokenRecord>;
  identity?: string;
  lost?: string;
  accepted: Set<string>;
}

/** The store. */
export interface MemoryStore extends WatchedStore {
  content: Content;
  /** A copy of what it holds. */
  copy(): Content;
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
  const store: MemoryStore = {
    content: { log: [], records: new Map(), accepted: new Set() },
    copy() {
      const { log, records, accepted, ...rest } = store.content;
      const copied = { log: [...log], records: new Map(records), accepted: new Set(accepted) };
      return { ...rest, ...copied };
    },
    reads: { events, get },
    changes: { events, get, commit, append, note: append },
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
      writeHead: async () => undefined,
      heads: () => [],
    },
  };
  return store;
}
