/** Changes to the audit log in the embedded store are detected. */

import { openTables } from '../../../src/store/lmdb/tables.ts';
import { storeLimits } from '../../limits.ts';
import { describeAuditProof, type Tamper } from '../audit-proof.ts';
import { lmdbPlace } from '../place.ts';

async function lmdbTamper(): Promise<Tamper> {
  const { url, end } = await lmdbPlace();
  const folder = url.replace('lmdb:', '');
  const withTables = async <T>(work: (tables: ReturnType<typeof openTables>) => T): Promise<T> => {
    const tables = openTables(folder, storeLimits().lmdb);
    try {
      return await tables.root.transaction(() => work(tables));
    } finally {
      await tables.root.close();
    }
  };
  return {
    url,
    end,
    read: () =>
      withTables(({ audit }) =>
        [...audit.getRange()].map(({ key, value }) => [String(key), value]),
      ),
    write: entries =>
      withTables(({ root, audit }) => {
        for (const key of audit.getKeys()) audit.remove(key);
        for (const [key, value = ''] of entries) audit.put(Number(key), value);
        const { sequence, hash } = JSON.parse(entries.at(-1)?.[1] ?? '{}');
        root.put('audit-head', JSON.stringify({ sequence, hash }));
      }),
  };
}

describeAuditProof('LMDB', lmdbTamper);
