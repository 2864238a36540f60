/** The index of imported tokens in the embedded store. */

import { entryKeyId, type SealedRecords } from '../format/sealed.ts';
import type { KeyLedger } from '../seal.ts';
import { type ImportedEntry, type ImportedIndex, Unavailable } from '../store.ts';
import type { Links } from './links.ts';
import type { Tables } from './tables.ts';

/** Where the root table holds the forms. */
export const formsKey = 'foreign-forms';
/** The name under which the forms are signed. No digest has it. */
const formsName = 'forms';

/** Entries signed in one transaction. */
const batchSize = 1000;

/** The index, and how its entries get their MACs. */
export interface LmdbImported extends ImportedIndex {
  /** As RecordSigner.signImported. */
  signImported(): Promise<void>;
  /** As KeyLedger.dropForms. */
  dropForms: KeyLedger['dropForms'];
  /** As KeyLedger.entryKeys. */
  entryKeys: KeyLedger['entryKeys'];
  /** The entries behind a digest, "" for the first, in the order of digests. */
  entriesAfter(digest: string, limit: number): ImportedEntry[];
}

/** How the store reads, and writes in a transaction; both throw Unavailable. */
export interface LmdbAccess {
  read<T>(ask: () => T): T;
  write<T>(action: () => T): Promise<T>;
}

/** Creates it. `currentId` answers with the id of the master key that signs. */
export function lmdbImported(
  tables: Tables,
  sealed: SealedRecords,
  links: Links,
  currentId: () => string,
  { read, write }: LmdbAccess,
): LmdbImported {
  const find = (digest: string) => {
    const text = read(() => tables.imported.get(digest));
    if (text !== undefined) return sealed.decodeEntry(digest, text, false);
    read(() => links.proveAbsent('foreign', [digest]));
    return undefined;
  };
  const forms = () => {
    const text = read(() => tables.root.get(formsKey));
    if (text !== undefined) return sealed.decodeEntry(formsName, text, false).split(' ');
    read(() => links.proveAbsent('root', [formsKey]));
    return [];
  };
  const reserve = (added: readonly string[], entries: readonly ImportedEntry[]) => {
    const known = forms();
    // Before the first write, since a failure does not undo one.
    for (const { digest } of entries) find(digest);
    const all = [...new Set([...known, ...added])];
    if (all.length > known.length) {
      links.add('root', [formsKey]);
      tables.root.put(formsKey, encodeForms(sealed, all));
    }
    return entries.map(({ digest, tokenId }) => {
      const held = find(digest);
      if (held === undefined) {
        links.add('foreign', [digest]);
        tables.imported.put(digest, sealed.encodeEntry(digest, tokenId));
      }
      return held ?? tokenId;
    });
  };
  return {
    importedForms: forms,
    findImported: find,
    reserveImported: (added, entries) => write(() => reserve(added, entries)),
    // A reservation of another process is on the disk before the lock for writing is free.
    settleImported: () => write(() => undefined),
    async signImported() {
      for (let after: string | undefined = ''; after !== undefined; ) {
        const from: string = after;
        after = await write(() => signSome(tables, sealed, from, currentId(), false));
      }
    },
    dropForms: dropped =>
      write(() => {
        const left = forms().filter(form => !dropped.includes(form));
        if (left.length > 0) tables.root.put(formsKey, encodeForms(sealed, left));
        else if (tables.root.get(formsKey) !== undefined) {
          links.remove('root', [formsKey]);
          tables.root.remove(formsKey);
        }
      }),
    entryKeys: (after, limit) =>
      read(() => {
        const entries = [...rangeAfter(tables, after, limit)];
        const text = after === '' ? tables.root.get(formsKey) : undefined;
        const texts = [...(text === undefined ? [] : [text]), ...entries.map(({ value }) => value)];
        const last = entries.length === limit ? entries.at(-1)?.key : undefined;
        const keys = texts.map(each => entryKeyId(each) ?? '');
        return last === undefined ? { keys } : { keys, cursor: last };
      }),
    entriesAfter: (after, limit) =>
      read(() => [...rangeAfter(tables, after, limit)]).map(({ key, value }) => ({
        digest: key,
        tokenId: sealed.decodeEntry(key, value, false),
      })),
  };
}

/**
 * Signs the forms and some entries behind a digest, "" for the first, where another master key did or,
 * with `mayBeUnsigned`, none. What cannot be read stays as it is. Must run inside a write transaction.
 * Returns the last digest; undefined at the end.
 */
export function signSome(
  tables: Tables,
  sealed: SealedRecords,
  after: string,
  currentId: string,
  mayBeUnsigned: boolean,
): string | undefined {
  const signed = (name: string, text: string): string => {
    if (entryKeyId(text) === currentId) return text;
    try {
      return sealed.encodeEntry(name, sealed.decodeEntry(name, text, mayBeUnsigned));
    } catch (error) {
      if (error instanceof Unavailable) return text;
      throw error;
    }
  };
  const forms = tables.root.get(formsKey);
  if (after === '' && forms !== undefined) tables.root.put(formsKey, signed(formsName, forms));
  const entries = [...rangeAfter(tables, after, batchSize)];
  for (const { key, value } of entries) {
    const text = signed(key, value);
    if (text !== value) tables.imported.put(key, text);
  }
  return entries.length === batchSize ? entries.at(-1)?.key : undefined;
}

function encodeForms(sealed: SealedRecords, forms: readonly string[]): string {
  return sealed.encodeEntry(formsName, forms.join(' '));
}

function rangeAfter({ imported }: Tables, after: string, limit: number) {
  return imported.getRange({ start: after, exclusiveStart: true, limit } as never);
}
