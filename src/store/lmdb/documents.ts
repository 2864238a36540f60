/** Documents in the embedded store. Each is in two tables, and named by a link, as records are. */

import { changesLost } from '../continuity/lost.ts';
import {
  type ChangedDocument,
  type Collection,
  checkDocumentId,
  type DocumentChange,
  type DocumentScan,
  type Documents,
  type NamedDocument,
  type PreparedChange,
  prepareChange,
  type StoredDocument,
} from '../documents.ts';
import { changeOf, endOf, isOver } from '../format/document.ts';
import { documentKeysOf, macKeyId, type SealedRecords } from '../format/sealed.ts';
import type { KeyLedger, RecordSigner } from '../seal.ts';
import { Unavailable } from '../store.ts';
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
  /** Whether later changes of a document were lost than that of this revision. */
  isLost: (document: Required<ChangedDocument>) => boolean;
  /** Most documents that are over and are removed with each change. */
  prunedMax: number;
}

/** Documents that are signed in one transaction. */
const batchSize = 1000;

/** Creates them. `currentId` answers with the id of the master key that signs. */
export function lmdbDocuments(
  parts: DocumentParts,
  currentId: () => string,
  { read, write }: LmdbAccess,
): Documents & Pick<RecordSigner, 'signDocuments'> & Pick<KeyLedger, 'documentKeys'> {
  return {
    document(collection, id) {
      checkDocumentId(id);
      return read(() => {
        const found = present(find(parts, collection, id), parts.now());
        if (found && parts.isLost({ collection, ...found })) throw changesLost('document');
        return found;
      });
    },
    documents: scan => read(() => list(parts, scan)),
    changeDocument: async (change: DocumentChange) => {
      const prepared = prepareChange(change);
      return await write(() => make(parts, prepared));
    },
    async signDocuments() {
      for (let after: string[] | undefined = []; after !== undefined; ) {
        const from: string[] = after;
        after = await write(() => signSome(parts, from, currentId()));
      }
    },
    documentKeys: (after, limit) =>
      read(() => {
        const found = [...rangeAfter(parts, after === '' ? [] : after.split('/'), limit)];
        const keys = found.map(({ key: [collection, id], value }) =>
          documentKeysOf(collection as Collection, id, value),
        );
        const last = found.length === limit ? found.at(-1)?.key.join('/') : undefined;
        return last === undefined ? { keys } : { keys, cursor: last };
      }),
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
    if (document === undefined || found.length >= limit) return;
    if (!parts.isLost({ collection, ...document })) found.push(document);
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
  const { tables, log } = parts;
  const { collection, id, before, document, event, changeId } = change;
  if (event !== undefined && tables.auditIds.get(event.id) !== undefined) return 'done';
  if (parts.isLost({ collection, id, revision: before })) throw changesLost('document');
  const now = parts.now();
  const key: [string, string] = [collection, id];
  const held = find(parts, collection, id);
  if ((present(held, now)?.revision ?? 0) !== before) return 'conflict';
  if (document === undefined && before === 0) return 'conflict';
  if (event !== undefined) log.end();
  if (held?.keepUntil !== undefined) tables.documentEnds.remove([held.keepUntil, ...key]);
  if (document === undefined) drop(parts, key);
  else putDocument(parts, { collection, ...document }, changeId);
  if (event !== undefined) log.append(event);
  prune(parts, now);
  return 'done';
}

/** Writes a document over what may be there, without its end. Must run inside a write transaction. */
export function putDocument(
  { tables, sealed, links }: Pick<DocumentParts, 'tables' | 'sealed' | 'links'>,
  document: NamedDocument,
  changeId: string,
): void {
  const { collection, id, keepUntil } = document;
  const key: [string, string] = [collection, id];
  const text = sealed.encodeDocument(collection, document, changeId);
  links.add('documents', key);
  tables.documents.put(key, text);
  tables.documentVersions.put(key, versionOf(text));
  if (keepUntil !== undefined) tables.documentEnds.put([keepUntil, ...key], '');
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

function rangeAfter({ tables }: DocumentParts, after: readonly string[], limit: number) {
  const start = after.length === 0 ? {} : { start: after, exclusiveStart: true };
  return tables.documents.getRange({ ...start, limit } as never);
}

/** As signSome of the index of imported tokens, behind a key. */
function signSome(
  parts: DocumentParts,
  after: readonly string[],
  currentId: string,
): string[] | undefined {
  const { tables, sealed } = parts;
  const found = [...rangeAfter(parts, after, batchSize)];
  for (const { key, value } of found) {
    if (macKeyId(value) === currentId) continue;
    const [collection, id] = key as [Collection, string];
    try {
      const document = sealed.decodeDocument(collection, id, value);
      tables.documents.put(
        key,
        sealed.encodeDocument(collection, document, changeOf(value).changeId),
      );
    } catch (error) {
      // What cannot be read stays as it is.
      if (!(error instanceof Unavailable)) throw error;
    }
  }
  return found.length === batchSize ? found.at(-1)?.key : undefined;
}

function versionOf(text: string): string {
  const { revision, changeId } = changeOf(text);
  return `${revision} ${changeId}`;
}
