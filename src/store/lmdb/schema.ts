/** The schema of the embedded store: checked and brought up to date when it is opened. */

import { hasMac, type SealedRecords } from '../format/sealed.ts';
import {
  linkedSchema,
  mismatchOf,
  type StoreFacts,
  signedSchema,
  unsignedSchema,
} from '../schema.ts';
import type { RecordSeal } from '../seal.ts';
import { StoreMismatch, StoreUnusable, Unavailable } from '../store.ts';
import { headKey } from './audit.ts';
import { faultText } from './faults.ts';
import { signSome } from './imported.ts';
import { areDocumentsLinked, isLinked, linkAll, linkDocuments, markLinked } from './link-all.ts';
import type { Links } from './links.ts';
import { versionOf } from './records.ts';
import type { Tables } from './tables.ts';

/** Where the root table holds the schema. */
export const schemaKey = 'schema';
/** Where the root table holds the check values of master keys. */
export const keyChecksKey = 'key-checks';

/** More than the first start makes, however often it is interrupted. */
const newTransactionsMax = 100;

const damagedText =
  'the embedded store is damaged: it does not hold its schema; restore the data folder from a backup, ' +
  'or move it away to start with an empty store';

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
  links: Links,
  onNotice: (message: string) => void,
): void {
  const { root } = tables;
  const facts = readFacts(tables);
  const mismatch = mismatchOf(facts, seal, linkedSchema);
  if (mismatch !== undefined) throw new StoreMismatch(mismatch);
  const check = seal.keyChecks.get(seal.currentId) as string;
  // A store of which all keys are named has been of this schema, and so has one with a past.
  const isOlder = facts.schema < linkedSchema;
  if ((isOlder && isLinked(tables)) || (facts.isNew && tables.transactions > newTransactionsMax)) {
    throw new StoreUnusable(damagedText);
  }
  const isNoted = root.get(schemaKey) !== undefined && facts.keyChecks.has(seal.currentId);
  if (!isOlder && isNoted && !facts.isNew && areDocumentsLinked(tables)) return;
  try {
    if (facts.schema < signedSchema) signAll(tables, sealed, seal.currentId, onNotice);
    if (isOlder) {
      onNotice('migrating the store: naming the keys of all tables');
      linkAll(tables, links);
    }
    root.transactionSync(() => {
      // Of a new store in one transaction: a start that is killed again and again gives it no past.
      if (facts.isNew) linkAll(tables, links);
      const keyChecks = { ...Object.fromEntries(facts.keyChecks), [seal.currentId]: check };
      root.put(keyChecksKey, JSON.stringify(keyChecks));
      root.put(schemaKey, String(linkedSchema));
      markLinked(tables);
      linkDocuments(tables, links);
    });
    if (isOlder) onNotice('the store was migrated');
  } catch (error) {
    throw new StoreUnusable(`the embedded store cannot be written: ${faultText(error)}`, error);
  }
}

/** What the store holds about itself. A store without any content is as new as this version. */
function readFacts({ root, tokens }: Tables): StoreFacts & { isNew: boolean } {
  const noted = root.get(schemaKey);
  const isNew =
    noted === undefined &&
    root.get(headKey) === undefined &&
    firstOf(tokens.getKeys({ limit: 1 })) === undefined;
  const schema = noted ?? (isNew ? linkedSchema : unsignedSchema);
  return { schema: Number(schema), keyChecks: readKeyChecks(root), isNew };
}

/** The check values of master keys that the store holds. Throws StoreUnusable for a damaged entry. */
export function readKeyChecks(root: Tables['root']): Map<string, string> {
  return new Map(Object.entries(parseChecks(root.get(keyChecksKey) ?? '{}')));
}

function parseChecks(text: string): Record<string, string> {
  try {
    return JSON.parse(text) as Record<string, string>;
  } catch {
    throw new StoreUnusable(damagedText);
  }
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
