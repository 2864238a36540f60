/** What a backup reads from Redis beside the rest, and how one is restored into an empty Redis. */

import { randomUUID } from 'node:crypto';
import type { ChainedEvent } from '../audit.ts';
import { acceptAction, lossIn } from '../continuity/lost.ts';
import { expiryMember } from '../cursor.ts';
import { collections, type NamedDocument } from '../documents.ts';
import type { AccessTokenRecord } from '../record.ts';
import { signedSchema } from '../schema.ts';
import { type ImportedEntry, Unavailable } from '../store.ts';
import type { StoreTransfer } from '../transfer.ts';
import { acknowledge, presence, type Written } from './acknowledge.ts';
import type { Asker } from './ask.ts';
import { masters, nameOf } from './client.ts';
import {
  auditKey,
  createdKey,
  documentEndsKey,
  documentIdsKey,
  documentKey,
  expiryKey,
  identityKey,
  importedFormsKey,
  importedKey,
  intentsKey,
  lossesKey,
  ownerKey,
  schemaKey,
  tokenAuditKey,
  tokenKey,
} from './keys.ts';
import type { RedisLimits } from './limits.ts';
import type { RedisRecords } from './records.ts';
import type { RedisSchema } from './schema.ts';

/** Creates it. */
export function redisTransfer(
  asker: Asker,
  records: RedisRecords,
  schema: RedisSchema,
  limits: RedisLimits,
): StoreTransfer {
  return {
    importedEntries: (after, limit) => importedEntries(asker, records, after, limit),
    async loadRecords(all) {
      await Promise.all(all.map(record => loadRecord(asker, records, record)));
      const loaded = all.map(({ id }) => acknowledge(asker, limits, presence(tokenKey(id))));
      await Promise.all(loaded);
    },
    async loadDocuments(all) {
      await Promise.all(all.map(document => loadDocument(asker, records, document)));
      const loaded = all.map(({ collection, id }) =>
        acknowledge(asker, limits, presence(documentKey(collection, id))),
      );
      await Promise.all(loaded);
    },
    async loadEvents(entries) {
      await loadEvents(asker, entries);
      const last = entries.at(-1);
      if (last !== undefined) await acknowledge(asker, limits, storedEntry(last));
    },
    identity: async () => (await asker.ask(client => client.get(identityKey))) ?? undefined,
    async isEmpty() {
      // Collections are in other slots of a Cluster.
      const keys = [
        [auditKey, createdKey, intentsKey],
        ...collections.map(c => [documentIdsKey(c)]),
      ];
      const found = keys.map(some => asker.ask(client => client.exists(...some)));
      return (await Promise.all(found)).every(count => count === 0);
    },
    beginRestore: () => schema.beginRestore(),
    async endRestore(identity) {
      await schema.endRestore(identity);
      const isThere = (text: unknown) => text === String(signedSchema);
      await acknowledge(asker, limits, { look: ['GET', schemaKey], isThere });
    },
  };
}

/** An entry of the log, whose event id is not remembered. */
function storedEntry({ sequence }: ChainedEvent): Written {
  const id = `${sequence}-1`;
  return {
    look: ['XRANGE', auditKey, id, id],
    isThere: found => Array.isArray(found) && found.length === 1,
  };
}

async function importedEntries(
  asker: Asker,
  records: RedisRecords,
  after: string,
  limit: number,
): Promise<{ entries: ImportedEntry[]; cursor?: string }> {
  const { keys, ...more } = await indexKeys(asker, after, limit);
  const entries = await Promise.all(
    keys
      .filter(key => key !== importedFormsKey)
      .map(async key => {
        const digest = nameInIndex(key);
        const text = await asker.ask(client => client.get(key));
        return { digest, tokenId: await records.decodeEntry(digest, text ?? '') };
      }),
  );
  return { entries, ...more };
}

/**
 * A page of the keys of the index of imported tokens, the forms' included. The cursor is the server's
 * place among the masters, and SCAN's own on that server.
 */
export async function indexKeys(
  asker: Asker,
  after: string,
  limit: number,
): Promise<{ keys: string[]; cursor?: string }> {
  const [place = 0, scanned = '0'] =
    after === '' ? [] : [Number(after.split('-')[0]), after.split('-')[1]];
  const servers = masters(asker.client).toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  const server = servers[place];
  if (server === undefined) return { keys: [] };
  const match = importedKey('*');
  const [next, keys] = await asker.ask(() => server.scan(scanned, 'MATCH', match, 'COUNT', limit));
  if (next !== '0') return { keys, cursor: `${place}-${next}` };
  return place + 1 < servers.length ? { keys, cursor: `${place + 1}-0` } : { keys };
}

/** The name of an entry of the index of imported tokens: what follows the prefix of its key. */
export function nameInIndex(key: string): string {
  return key.slice(importedKey('').length);
}

async function loadRecord(asker: Asker, records: RedisRecords, record: AccessTokenRecord) {
  const { id, owner, expiresAt } = record;
  const text = records.encode(record);
  await asker.ask(client => client.set(tokenKey(id), text));
  await asker.ask(client => client.zadd(createdKey, 0, id));
  if (owner !== undefined) await asker.ask(client => client.zadd(ownerKey(owner), 0, id));
  if (expiresAt !== undefined) {
    await asker.ask(client => client.zadd(expiryKey, 0, expiryMember(expiresAt, id)));
  }
}

async function loadDocument(asker: Asker, records: RedisRecords, document: NamedDocument) {
  const { collection, id, keepUntil } = document;
  const text = records.encodeDocument(collection, document, randomUUID());
  await asker.ask(client => client.set(documentKey(collection, id), text));
  await asker.ask(client => client.zadd(documentIdsKey(collection), 0, id));
  if (keepUntil !== undefined) {
    await asker.ask(client => client.zadd(documentEndsKey(collection), keepUntil, id));
  }
}

async function loadEvents(asker: Asker, entries: readonly ChainedEvent[]): Promise<void> {
  const results = await asker.ask(client => {
    const pipeline = client.pipeline();
    for (const { hash, ...entry } of entries) {
      const { sequence, tokenId } = entry;
      pipeline.xadd(auditKey, `${sequence}-1`, 'hash', hash, 'entry', JSON.stringify(entry));
      if (tokenId !== '') pipeline.zadd(tokenAuditKey(tokenId), sequence, sequence);
      if (entry.action === acceptAction) pipeline.del(lossesKey);
      const loss = lossIn(entry);
      if (loss !== undefined) pipeline.hset(lossesKey, entry.id, JSON.stringify(loss));
    }
    return pipeline.exec();
  });
  const failed = results?.find(([error]) => error !== null);
  if (failed) throw new Unavailable('Redis refused an entry of the audit log', failed[0]);
}
