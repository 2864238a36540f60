/** Re-encrypts the secrets that documents hold under the first master key. */

import type { Collection, StoredDocument } from '../store/documents.ts';
import type { JsonObject } from '../store/record.ts';
import { type Store, Unavailable } from '../store/store.ts';

/**
 * For each collection whose documents hold secrets: a document's content with all of them sealed under the
 * first master key, or undefined when they are.
 */
export type DocumentSeals = Partial<
  Record<Collection, (document: StoredDocument) => JsonObject | undefined>
>;

/** Documents of a page. */
const pageSize = 200;
/** Changes of one document that may come in between. */
const attemptsMax = 5;

/** Re-encrypts them all. Throws Unavailable. */
export async function resealDocuments(
  store: Pick<Store, 'document' | 'documents' | 'changeDocument'>,
  seals: DocumentSeals,
): Promise<void> {
  for (const name of Object.keys(seals)) {
    const collection = name as Collection;
    for (let after: string | undefined = ''; after !== undefined; ) {
      const from: { after?: string } = after === '' ? {} : { after };
      const page = await store.documents({ collection, limit: pageSize, ...from });
      for (const { id } of page) await resealOne(store, collection, id, seals);
      after = page.length === pageSize ? page.at(-1)?.id : undefined;
    }
  }
}

async function resealOne(
  store: Pick<Store, 'document' | 'changeDocument'>,
  collection: Collection,
  id: string,
  seals: DocumentSeals,
): Promise<void> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const document = await store.document(collection, id);
    const body = document && seals[collection]?.(document);
    if (document === undefined || body === undefined) return;
    const { revision: before, keepUntil } = document;
    const end = keepUntil === undefined ? {} : { keepUntil };
    if ((await store.changeDocument({ collection, id, before, body, ...end })) === 'done') return;
  }
  throw new Unavailable('a document changes too fast to be sealed again');
}
