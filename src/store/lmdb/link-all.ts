/** Names all keys of an embedded store, once, and signs the links again under another master key. */

import { entryKeyId, type SealedRecords } from '../format/sealed.ts';
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
export function markLinked({ links }: Tables, sealed: SealedRecords): void {
  links.put(markKey, sealed.encodeValue('links/mark', ''));
}

/** Names the keys that the tables have. A run that was interrupted is begun again. */
export function linkAll(tables: Tables, sealed: SealedRecords, named: Links): void {
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
          if (entryKeyId(value) === undefined) {
            tables[table].put(key, sealed.encodeValue(`${table}/${key}`, value));
          }
        }
      });
      after = entries.at(-1)?.key ?? '';
      if (entries.length < batchSize) break;
    }
  }
}

/**
 * Signs entries behind a key where another master key did. What cannot be read stays as it is. Must
 * run inside a write transaction. Returns the last key; undefined at the end.
 */
export function signAgain<K>(
  table: {
    getRange(range: never): Iterable<{ key: K; value: string }>;
    put(key: K, value: string): unknown;
  },
  sealed: SealedRecords,
  nameOf: (key: K) => string,
  after: K | undefined,
  currentId: string,
): K | undefined {
  const entries = [...table.getRange(behind(after))];
  for (const { key, value } of entries) {
    if (entryKeyId(value) === currentId) continue;
    const name = nameOf(key);
    const read = sealed.decodeValue(name, value);
    if (read !== undefined) table.put(key, sealed.encodeValue(name, read));
  }
  return entries.length === batchSize ? entries.at(-1)?.key : undefined;
}

/** The next keys of a table, in parts. */
function keysAfter(tables: Tables, table: LinkedTable, after: LinkKey): LinkKey[] {
  const [first, second] = after;
  switch (table) {
    case 'root':
      return after.length === 0 && tables.root.get(formsKey) !== undefined ? [[formsKey]] : [];
    case 'audit':
      // Only the first is named.
      return after.length === 0 ? [...tables.audit.getKeys({ limit: 1 })].map(key => [key]) : [];
    case 'owners':
      return [...tables.owners.getKeys(behind(after.length === 0 ? undefined : after))];
    case 'expiries':
      return [...tables.expiries.getKeys(behind(after.length === 0 ? undefined : after))];
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
