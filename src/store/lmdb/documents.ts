/** Documents in the embedded store. Each is in two tables, and named by a link, as records are. */

import {
  type Collection,
  checkDocumentId,
  type DocumentChange,
  type DocumentScan,
  type Documents,
  type PreparedChange,
  prepareChange,
  type StoredDocument,
} from '../documents.ts';
import { changeOf, endOf, isOver } from '../format/document.ts';
import type { SealedRecords } from '../format/sealed.ts';
import type { LmdbLog } from './audit.ts';
import type { LmdbAccess } from './imported.ts';
import type { Links } from './links.ts';
import type { Tables } from './tables.ts';

/** What documents are read from and written to. */
export interface DocumentParts {
  tables: Tables;
  sealed: SealedRecords;
  links: Links;
  log: LmdbLog;
  /** The current time in milliseconds since 1970. */
  now: () => number;
  /** Most documents that are over and are removed with each change. */
  prunedMax: number;
}

/** Creates them. */
export function lmdbDocuments(parts: DocumentParts, { read, write }: LmdbAccess): Documents {
  return {
    document(collection, id) {
      checkDocumentId(id);
      return read(() => present(find(parts, collection, id), parts.now()));
    },
    documents: scan => read(() => list(parts, scan)),
    changeDocument: async (change: DocumentChange) => {
      const prepared = prepareChange(change);
      return await write(() => make(parts, prepared));
    },
  };
}

function present(document: StoredDocument | undefined, now: number): StoredDocument | undefined {
  return document === undefined || isOver(document, now) ? undefined : document;
}

/** A document, also one that is over. Throws Unavailable. */
function find(
  { tables, sealed, links }: DocumentParts,
  collection: Collection,
  id: string,
): StoredDocument | undefined {
  const text = tables.documents.get([collection, id]);
  const missing = () => sealed.missing(`${collection}/${id}`);
  if (text === undefined) {
    links.proveAbsent('documents', [collection, id], missing);
    return undefined;
  }
  const document = sealed.decodeDocument(collection, id, text);
  // A damaged page can bring back an older document, whose MAC is good.
  if (tables.documentVersions.get([collection, id]) !== versionOf(text)) throw missing();
  return document;
}

function list(parts: DocumentParts, scan: DocumentScan): StoredDocument[] {
  const { collection, prefix = '', limit } = scan;
  const now = parts.now();
  const found: StoredDocument[] = [];
  const add = (id: string) => {
    const document = present(find(parts, collection, id), now);
    if (document !== undefined && found.length < limit) found.push(document);
  };
  const isResumed = scan.after !== undefined && scan.after >= prefix;
  // Ranges begin behind a key, which can be the prefix itself.
  if (!isResumed && prefix !== '') add(prefix);
  let start = [collection, isResumed ? (scan.after ?? '') : prefix];
  const end = [collection, `${prefix}~`];
  while (found.length < limit) {
    const range = { start, end, limit, exclusiveStart: true } as never;
    const keys = [...parts.tables.documents.getKeys(range)];
    const isFull = keys.length === limit;
    parts.links.proveRange('documents', keys, start, isFull ? undefined : end);
    for (const [, id] of keys) add(id);
    if (!isFull) break;
    start = keys.at(-1) ?? end;
  }
  return found;
}

/** Must run inside a write transaction. Checks come before the first put: a throw does not roll back. */
function make(parts: DocumentParts, change: PreparedChange): 'done' | 'conflict' {
  const { tables, sealed, links, log } = parts;
  const { collection, id, before, document, event, changeId } = change;
  if (event !== undefined && tables.auditIds.get(event.id) !== undefined) return 'done';
  const now = parts.now();
  const key: [string, string] = [collection, id];
  const held = find(parts, collection, id);
  if ((present(held, now)?.revision ?? 0) !== before) return 'conflict';
  if (document === undefined && before === 0) return 'conflict';
  if (event !== undefined) log.end();
  if (held?.keepUntil !== undefined) tables.documentEnds.remove([held.keepUntil, ...key]);
  if (document === undefined) drop(parts, key);
  else {
    const text = sealed.encodeDocument(collection, document, changeId);
    links.add('documents', key);
    tables.documents.put(key, text);
    tables.documentVersions.put(key, versionOf(text));
    const { keepUntil } = document;
    if (keepUntil !== undefined) tables.documentEnds.put([keepUntil, ...key], '');
  }
  if (event !== undefined) log.append(event);
  prune(parts, now);
  return 'done';
}

function drop({ tables, links }: DocumentParts, key: [string, string]): void {
  links.remove('documents', key);
  tables.documents.remove(key);
  tables.documentVersions.remove(key);
}

/** Removes documents that are over. A damaged end may name one that is not. */
function prune(parts: DocumentParts, now: number): void {
  const { tables, prunedMax } = parts;
  const range = { end: [now, ''], limit: prunedMax } as never;
  for (const end of [...tables.documentEnds.getKeys(range)]) {
    const [, collection, id] = end;
    tables.documentEnds.remove(end);
    const text = tables.documents.get([collection, id]);
    if (text !== undefined && endOf(text) <= now) drop(parts, [collection, id]);
  }
}

function versionOf(text: string): string {
  const { revision, changeId } = changeOf(text);
  return `${revision} ${changeId}`;
}
