/**
 * Documents in Redis. The log can be on another node of a Cluster, so a document's slot keeps the event
 * of its change until that is in the log. Any process can append it.
 */

import type { AuditEvent } from '../audit.ts';
import {
  type Collection,
  checkDocumentId,
  collections,
  type DocumentChange,
  type DocumentScan,
  type Documents,
  type PreparedChange,
  prepareChange,
  type StoredDocument,
} from '../documents.ts';
import { changeOf, isOver } from '../format/document.ts';
import { Unavailable } from '../store.ts';
import { acknowledge, recordedEvent, type Written } from './acknowledge.ts';
import type { Asker } from './ask.ts';
import type { RedisAudit } from './audit.ts';
import {
  changeDocumentScript,
  createDocumentScript,
  dueScript,
  loggedScript,
  pruneScript,
} from './document-scripts.ts';
import type { Get } from './get.ts';
import {
  auditKey,
  documentEndsKey,
  documentEventsKey,
  documentIdsKey,
  documentKey,
  eventKey,
  tokenAuditKey,
} from './keys.ts';
import type { RedisLimits } from './limits.ts';
import type { RedisRecords } from './records.ts';
import { urgentAppendScript } from './scripts.ts';

/** Documents, and what finishes the work of others. Throws Unavailable. */
export interface RedisDocuments {
  /** As Documents.document. `get` reads from a master. */
  document(get: Get, collection: Collection, id: string): Promise<StoredDocument | undefined>;
  /** As Documents.documents, without those that are `isLeftOut`. */
  documents(
    scan: DocumentScan,
    isLeftOut: (document: StoredDocument) => boolean,
  ): Promise<StoredDocument[]>;
  changeDocument: Documents['changeDocument'];
  /** Logs the events of changes that others made and did not end, and removes what is over. */
  sweep(): Promise<void>;
}

/** A document's change whose event may not be in the log yet. */
interface Pending {
  collection: Collection;
  id: string;
  changeId: string;
  event: AuditEvent;
}

/** Creates them. `now` is in milliseconds since 1970. */
export function redisDocuments(
  asker: Asker,
  audit: RedisAudit,
  records: RedisRecords,
  limits: RedisLimits,
  now: () => number,
): RedisDocuments {
  const isRecorded = async ({ id }: AuditEvent) =>
    (await asker.ask(client => client.exists(eventKey(id)))) === 1;

  /** Puts the event in the log once enough replicas have the change. */
  const complete = async ({ collection, id, changeId, event }: Pending): Promise<void> => {
    try {
      await acknowledge(asker, limits, heldEvent(collection, id, changeId));
    } catch (error) {
      // Another process may have completed it meanwhile.
      if (!(await isRecorded(event))) throw error;
    }
    const keys = [auditKey, eventKey(event.id), tokenAuditKey(event.tokenId)];
    const ofToken = event.tokenId === '' ? 0 : 1;
    await audit.link(event, entry => asker.run(urgentAppendScript, keys, [...entry, ofToken]));
    await acknowledge(asker, limits, recordedEvent(event));
    await asker.run(loggedScript, [documentEventsKey(collection)], [id, changeId]);
  };
  const completeOther = (collection: Collection, id: string, held: string) =>
    complete({ collection, id, ...readHeld(records, collection, id, held) });

  const changeOnce = async (change: PreparedChange): Promise<[word: string, held?: string]> => {
    const { collection, id, before, document, event, changeId, keepUntil } = change;
    const keys = [
      documentKey(collection, id),
      documentEventsKey(collection),
      documentIdsKey(collection),
      documentEndsKey(collection),
    ];
    const reply = await asker.run(
      before === 0 ? createDocumentScript : changeDocumentScript,
      keys,
      [
        ...[id, before, changeId],
        document === undefined ? '' : records.encodeDocument(collection, document, changeId),
        document === undefined ? '' : (keepUntil ?? ''),
        event === undefined ? '' : records.encodeDocumentEvent(collection, id, event),
        now(),
      ],
    );
    return reply as [string, string?];
  };

  return {
    async document(get, collection, id) {
      checkDocumentId(id);
      const text = await get(documentKey(collection, id));
      if (text === null) return undefined;
      const document = records.decodeDocument(collection, id, text);
      return isOver(document, now()) ? undefined : document;
    },
    documents(scan, isLeftOut) {
      const nowMs = now();
      return list(asker, records, scan, each => isOver(each, nowMs) || isLeftOut(each));
    },
    async changeDocument(change: DocumentChange) {
      const prepared = prepareChange(change);
      const { collection, id, before, document, event, changeId } = prepared;
      if (document === undefined && before === 0) return 'conflict';
      for (let attempt = 0; attempt < limits.beginAttemptsMax; attempt++) {
        const [word, held] = await changeOnce(prepared);
        if (word === 'pending') {
          await completeOther(collection, id, held ?? '');
          continue;
        }
        if (word === 'conflict') {
          if (event === undefined || !(await isRecorded(event))) return 'conflict';
          // It was made before, and a later change followed.
          await acknowledge(asker, limits, recordedEvent(event));
          return 'done';
        }
        if (event === undefined) await acknowledge(asker, limits, written(prepared));
        else await complete({ collection, id, changeId, event });
        return 'done';
      }
      throw new Unavailable('the document changes too fast');
    },
    async sweep() {
      const results = await Promise.allSettled(
        collections.map(async collection => {
          const keys = [documentEventsKey(collection), documentEndsKey(collection)];
          const args = [limits.intentAgeMs, now(), limits.sweepIntentsMax];
          const due = (await asker.run(dueScript, keys, args)) as [string[], string[]];
          await prune(asker, collection, due[1], now());
          for (let n = 0; n < due[0].length; n += 2) {
            await completeOther(collection, due[0][n] ?? '', due[0][n + 1] ?? '');
          }
        }),
      );
      const failed = results.find(result => result.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    },
  };
}

async function list(
  asker: Asker,
  records: RedisRecords,
  { collection, after, prefix = '', limit }: DocumentScan,
  isLeftOut: (document: StoredDocument) => boolean,
): Promise<StoredDocument[]> {
  const found: StoredDocument[] = [];
  const end = prefix === '' ? '+' : `(${prefix}~`;
  let from = prefix === '' ? '-' : `[${prefix}`;
  if (after !== undefined && after >= prefix) from = `(${after}`;
  while (found.length < limit) {
    const ids = await asker.ask(client =>
      client.zrangebylex(documentIdsKey(collection), from, end, 'LIMIT', 0, limit),
    );
    if (ids.length === 0) break;
    const keys = ids.map(id => documentKey(collection, id));
    const texts = await asker.ask(client => client.mget(keys));
    for (const [n, id] of ids.entries()) {
      const text = texts[n];
      // Another process can remove one in between.
      if (text === null || text === undefined || found.length === limit) continue;
      const document = records.decodeDocument(collection, id, text);
      if (!isLeftOut(document)) found.push(document);
    }
    if (ids.length < limit) break;
    from = `(${ids.at(-1)}`;
  }
  return found;
}

async function prune(asker: Asker, collection: Collection, ids: readonly string[], now: number) {
  if (ids.length === 0) return;
  const keys = ids.map(id => documentKey(collection, id));
  const indexes = [documentIdsKey(collection), documentEndsKey(collection)];
  await asker.run(pruneScript, [...indexes, ...keys], [now, ...ids]);
}

/** A change whose event is kept beside the document: it was made, and no other one since. */
function heldEvent(collection: Collection, id: string, changeId: string): Written {
  return {
    look: ['HGET', documentEventsKey(collection), id],
    isThere: answer => typeof answer === 'string' && answer.startsWith(`${changeId} `),
  };
}

/** A document as a change left it, or later. */
function written({ collection, id, before, document, changeId }: PreparedChange): Written {
  return {
    look: ['GET', documentKey(collection, id)],
    isThere(answer) {
      if (typeof answer !== 'string') return document === undefined;
      const found = changeOf(answer);
      if (document === undefined) return found.revision !== before;
      return found.changeId === changeId || found.revision > document.revision;
    },
  };
}

/** Parses a kept event, which the script prefixes with the id of the change and the time. */
function readHeld(records: RedisRecords, collection: Collection, id: string, held: string) {
  const [prefix = '', changeId = ''] = /^(\S+) \S+ /.exec(held) ?? [];
  const event = records.decodeDocumentEvent(collection, id, held.slice(prefix.length));
  return { changeId, event };
}
