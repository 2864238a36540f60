/** Secrets in documents are sealed again, whatever changes in between. */

import { expect, test } from 'vitest';
import type { Collection, DocumentChange, StoredDocument } from '../../src/store/documents.ts';
import { resealDocuments } from '../../src/tokens/reseal-documents.ts';

/** A store of webhooks, whose documents change `busy` times just before they are written. */
function storeOf(count: number, busy = 0) {
  const held = new Map<string, StoredDocument>();
  for (let n = 0; n < count; n++) {
    const id = `w${String(n).padStart(4, '0')}`;
    held.set(id, { id, revision: 1, body: { key: 'old', n }, keepUntil: 5 + n });
  }
  let left = busy;
  const store = {
    document: (_: Collection, id: string) => held.get(id),
    documents: ({ after = '', limit }: { after?: string; limit: number }) =>
      [...held.values()].filter(({ id }) => id > after).slice(0, limit),
    async changeDocument({ id, before, body, keepUntil }: DocumentChange) {
      const document = held.get(id) as StoredDocument;
      if (left-- > 0) held.set(id, { ...document, revision: document.revision + 1 });
      if (held.get(id)?.revision !== before || body === undefined) return 'conflict' as const;
      const revision = before + 1;
      held.set(id, { id, revision, body, ...(keepUntil ? { keepUntil } : {}) });
      return 'done' as const;
    },
  };
  return { store, held };
}

const seals = {
  webhooks: ({ body }: StoredDocument) =>
    body.key === 'new' ? undefined : { ...body, key: 'new' },
};

test('all documents of the collections that hold secrets, and their ends stay', async () => {
  const { store, held } = storeOf(450);
  await resealDocuments(store, seals);
  await resealDocuments(store, seals);
  expect(
    [...held.values()].every(({ body, revision }) => body.key === 'new' && revision === 2),
  ).toBe(true);
  expect(held.get('w0007')).toMatchObject({ body: { n: 7 }, keepUntil: 12 });
});

test('a change in between is kept; one that changes all the time is told', async () => {
  const { store, held } = storeOf(1, 2);
  await resealDocuments(store, seals);
  expect(held.get('w0000')).toMatchObject({ revision: 4, body: { key: 'new' } });
  await expect(resealDocuments(storeOf(1, 9).store, seals)).rejects.toThrow('too fast');
});
