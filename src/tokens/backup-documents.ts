/** The documents of a backup: those of the collections that it holds. */

import type { ChainedEvent } from '../store/audit.ts';
import { backedUpCollections, type Collection, changedDocument } from '../store/documents.ts';
import type { Store } from '../store/store.ts';
import type { BackupLine } from './backup-line.ts';

/** Lines, and for each the place behind it. Without lines, the end. */
interface DocumentsPage {
  lines: BackupLine[];
  places: string[];
}

/** Reads a page behind a place, "" for the first. Throws Unavailable. */
export async function documentsPage(
  store: Pick<Store, 'documents'>,
  place: string,
  limit: number,
): Promise<DocumentsPage> {
  const [name = '', last = ''] = place.split('/');
  const names: readonly string[] = backedUpCollections;
  const first = Math.max(0, names.indexOf(name));
  for (const collection of backedUpCollections.slice(first)) {
    const after = collection === name && last !== '' ? { after: last } : {};
    const found = await store.documents({ collection, limit, ...after });
    if (found.length === 0) continue;
    return {
      lines: found.map(document => ({ document: { collection, ...document } })),
      places: found.map(({ id }) => `${collection}/${id}`),
    };
  }
  return { lines: [], places: [] };
}

/** The documents that events changed, as they are now. Throws Unavailable. */
export async function changedDocumentLines(
  store: Pick<Store, 'document'>,
  events: readonly ChainedEvent[],
): Promise<BackupLine[]> {
  const changed = events.map(changedDocument).filter(each => each !== undefined);
  const kept = changed.filter(({ collection }) => isBackedUp(collection));
  const names = new Map(
    kept.map(({ collection, id }) => [`${collection}/${id}`, { collection, id }]),
  );
  return await Promise.all(
    [...names.values()].map(async ({ collection, id }) => {
      const document = await store.document(collection, id);
      return document ? { document: { collection, ...document } } : { gone: { collection, id } };
    }),
  );
}

/** Whether a backup holds the documents of a collection. */
export function isBackedUp(collection: Collection): boolean {
  return backedUpCollections.some(name => name === collection);
}
