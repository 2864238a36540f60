/** Names all keys of an embedded store, once. */

import { headKey } from './audit.ts';
import { checkSum, withSum } from './checksum.ts';
import { formsKey } from './imported.ts';
import { type LinkedTable, type LinkKey, type Links, linkedTables } from './links.ts';
import type { Tables } from './tables.ts';

/** Entries written in one transaction. */
const batchSize = 1000;

/** A mark among the links, which a store keeps for good once all its keys are named. */
const markKey = ['linked'];

/** Whether all keys of the store were named once. */
export function isLinked({ links }: Tables): boolean {
  return links.get(markKey) !== undefined;
}

/** Marks the store as one whose keys are all named. Must run inside a write transaction. */
export function markLinked({ links }: Tables): void {
  links.put(markKey, '');
}

/** Where the root table says that the documents are named. */
const documentsKey = 'documents';

/**
 * Begins the links of documents in a store that was written before there were any. Must run inside a
 * write transaction.
 */
export function linkDocuments({ root, documents, links }: Tables, named: Links): void {
  const isBegun = root.get(documentsKey) !== undefined || links.get(['documents']) !== undefined;
  if (!isBegun && documents.getKeysCount({ limit: 1 }) === 0) named.put('documents', [], []);
  root.put(documentsKey, 'linked');
}

/** Whether the links of documents were begun. */
export function areDocumentsLinked({ root }: Tables): boolean {
  return root.get(documentsKey) !== undefined;
}

/** Names the keys that the tables have. A run that was interrupted is begun again. */
export function linkAll(tables: Tables, named: Links): void {
  const { root, links } = tables;
  root.transactionSync(() => links.clearSync());
  for (const table of linkedTables) {
    let at: LinkKey = [];
    for (let keys = keysAfter(tables, table, at); ; keys = keysAfter(tables, table, at)) {
      root.transactionSync(() => {
        for (const key of keys) {
          named.put(table, at, key);
          at = key;
        }
        named.put(table, at, []);
      });
      if (keys.length < batchSize) break;
    }
  }
  for (const table of ['requests', 'sessions'] as const) {
    for (let after = ''; ; ) {
      const entries = [...tables[table].getRange(behind(after))];
      root.transactionSync(() => {
        for (const { key, value } of entries) {
          const name = `${table}/${key}`;
          if (checkSum(name, value) === undefined) tables[table].put(key, withSum(name, value));
        }
      });
      after = entries.at(-1)?.key ?? '';
      if (entries.length < batchSize) break;
    }
  }
}

/** The next keys of a table, in parts. */
function keysAfter(tables: Tables, table: LinkedTable, after: LinkKey): LinkKey[] {
  const [first, second] = after;
  switch (table) {
    case 'root':
      if (after.length > 0) return [];
      return [headKey, formsKey]
        .filter(key => tables.root.get(key) !== undefined)
        .map(key => [key]);
    case 'owners':
      return [...tables.owners.getKeys(behind(after.length === 0 ? undefined : after))];
    case 'expiries':
      return [...tables.expiries.getKeys(behind(after.length === 0 ? undefined : after))];
    case 'documents':
      return [...tables.documents.getKeys(behind(second === undefined ? undefined : after))];
    case 'audit-by-token':
      return [...tables.auditByToken.getKeys(behind(second === undefined ? undefined : after))];
    default: {
      const single = table === 'foreign' ? tables.imported : tables[table];
      return [...single.getKeys(behind(first))].map(key => [key]);
    }
  }
}

function behind(after: unknown) {
  const limit = batchSize;
  return (after === undefined ? { limit } : { start: after, exclusiveStart: true, limit }) as never;
}
