/** Records and documents that were changed by hand in the embedded store are found. */

import { openTables, type Tables } from '../../../src/store/lmdb/tables.ts';
import { storeLimits } from '../../limits.ts';
import { lmdbPlace } from '../place.ts';
import { describeRecordProof, type Hand } from '../record-proof.ts';

async function lmdbHand(): Promise<Hand> {
  const { url, end } = await lmdbPlace();
  /** Works on the two tables of a name: one of texts, one of versions. */
  const withTables = async <T>(
    name: string,
    work: (tables: Tables['root'][], key: string) => T,
  ): Promise<T> => {
    const tables = openTables(url.replace('lmdb:', ''), storeLimits().lmdb);
    const { tokens, revisions, documents, documentVersions } = tables;
    const [collection, id = ''] = name.split('/');
    const isToken = collection === 'tokens';
    const pair = isToken ? [tokens, revisions] : [documents, documentVersions];
    try {
      return await tables.root.transaction(() =>
        work(pair as Tables['root'][], (isToken ? id : [collection, id]) as string),
      );
    } finally {
      await tables.root.close();
    }
  };
  return {
    // The links between keys still name it.
    ...{ url, end, removed: /cannot be used/ },
    read: name => withTables(name, (pair, key) => pair.map(table => String(table.get(key)))),
    write: (name, texts) =>
      withTables(name, (pair, key) => {
        for (const [n, table] of pair.entries()) table.put(key, texts[n] ?? '');
      }),
    remove: name =>
      withTables(name, (pair, key) => {
        for (const table of pair) table.remove(key);
      }),
  };
}

describeRecordProof('LMDB', lmdbHand, lmdbPlace);
