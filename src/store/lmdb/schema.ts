/** The schema of the embedded store: checked and brought up to date when it is opened. */

import { hasMac, type SealedRecords } from '../format/sealed.ts';
import { mismatchOf, type StoreFacts, signedSchema, unsignedSchema } from '../schema.ts';
import type { RecordSeal } from '../seal.ts';
import { StoreMismatch, StoreUnusable, Unavailable } from '../store.ts';
import { signSome } from './imported.ts';
import { versionOf } from './records.ts';
import type { Tables } from './tables.ts';

/** Where the root table holds the schema. */
export const schemaKey = 'schema';
const keyChecksKey = 'key-checks';

/** Records signed in one transaction. */
const batchSize = 1000;

/**
 * Checks that the store is one for this version and these master keys, and notes its schema and the
 * current master key. The records of an older store are signed first; another start goes on with a
 * migration that was interrupted. Throws StoreMismatch, and StoreUnusable when it cannot be written.
 */
export function openSchema(
  tables: Tables,
  seal: RecordSeal,
  sealed: SealedRecords,
  onNotice: (message: string) => void,
): void {
  const { root } = tables;
  const facts = readFacts(tables);
  const mismatch = mismatchOf(facts, seal);
  if (mismatch !== undefined) throw new StoreMismatch(mismatch);
  const check = seal.keyChecks.get(seal.currentId) as string;
  const isNoted = root.get(schemaKey) !== undefined && facts.keyChecks.has(seal.currentId);
  if (facts.schema === signedSchema && isNoted) return;
  try {
    if (facts.schema < signedSchema) signAll(tables, sealed, seal.currentId, onNotice);
    root.transactionSync(() => {
      const keyChecks = { ...Object.fromEntries(facts.keyChecks), [seal.currentId]: check };
      root.put(keyChecksKey, JSON.stringify(keyChecks));
      root.put(schemaKey, String(signedSchema));
    });
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new StoreUnusable(`the embedded store cannot be written (${detail})`, error);
  }
}

/** What the store holds about itself. A store without any content is as new as this version. */
function readFacts({ root, tokens }: Tables): StoreFacts {
  const isNew =
    root.get('audit-head') === undefined && firstOf(tokens.getKeys({ limit: 1 })) === undefined;
  const schema = root.get(schemaKey) ?? (isNew ? signedSchema : unsignedSchema);
  const checks = JSON.parse(root.get(keyChecksKey) ?? '{}') as Record<string, string>;
  return { schema: Number(schema), keyChecks: new Map(Object.entries(checks)) };
}

function firstOf<T>(items: Iterable<T>): T | undefined {
  for (const item of items) return item;
  return undefined;
}

function signAll(
  tables: Tables,
  sealed: SealedRecords,
  currentId: string,
  onNotice: (message: string) => void,
): void {
  const { root, tokens, revisions } = tables;
  let done = 0;
  let after = '';
  onNotice('migrating the store: signing the records of all access tokens');
  for (;;) {
    const range = { start: after, exclusiveStart: true, limit: batchSize };
    const ids = [...tokens.getKeys(range as never)];
    if (ids.length === 0) break;
    root.transactionSync(() => {
      for (const id of ids) {
        const text = tokens.get(id) ?? '';
        const record = readable(sealed, id, text);
        if (record === undefined) continue;
        if (!hasMac(text)) tokens.put(id, sealed.encode(record));
        revisions.put(id, versionOf(record));
      }
    });
    done += ids.length;
    after = ids.at(-1) ?? '';
    onNotice(`migrating the store: ${done} records are signed`);
  }
  for (let digest: string | undefined = ''; digest !== undefined; ) {
    const from: string = digest;
    digest = root.transactionSync(() => signSome(tables, sealed, from, currentId, true));
  }
  onNotice('the store was migrated');
}

/** A record that cannot be read stays as it is, and unavailable: the others need not wait for it. */
function readable(sealed: SealedRecords, id: string, text: string) {
  try {
    return sealed.decode(id, text, true);
  } catch (error) {
    if (error instanceof Unavailable) return undefined;
    throw error;
  }
}
