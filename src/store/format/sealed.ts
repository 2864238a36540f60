/**
 * Records with their MAC, the last member of the stored JSON. The MAC is over the text before it, so
 * that a change of any byte shows, and over the record's id, so that a moved record does. Entries of
 * the index of imported tokens have theirs after a space, over the value and the entry's name.
 */

import type { Collection, StoredDocument } from '../documents.ts';
import type { AccessTokenRecord } from '../record.ts';
import type { DocumentKeys, OnBrokenRecord, RecordKeys, RecordSeal } from '../seal.ts';
import { Unavailable } from '../store.ts';
import { decodeDocument, encodeDocument, sealedUnder } from './document.ts';
import { NewerText } from './needs.ts';
import { decodeRecord, encodeRecord } from './record.ts';

/** Writes and reads the records of a store, its documents, and its index of imported tokens. */
export interface SealedRecords {
  /** Encodes a record, signed under the current master key. */
  encode(record: AccessTokenRecord): string;
  /**
   * Decodes what is stored under an id. Throws Unavailable when it is not as Usher wrote it; without
   * a MAC, only when `mayBeUnsigned` is false.
   */
  decode(id: string, text: string, mayBeUnsigned: boolean): AccessTokenRecord;
  /** Encodes a document, signed under the current master key. `changeId` is that of its last change. */
  encodeDocument(collection: Collection, document: StoredDocument, changeId: string): string;
  /** Decodes a document. Throws Unavailable when it is not as Usher wrote it. */
  decodeDocument(collection: Collection, id: string, text: string): StoredDocument;
  /** The error for a record that the store should hold, and does not. It is reported like the others. */
  missing(id: string): Unavailable;
  /** The error for what a damaged table may hide. */
  unproven(table: string): Unavailable;
  /** Encodes the value of an index entry, signed under the current master key. */
  encodeEntry(name: string, value: string): string;
  /** Decodes an index entry, as `decode` does a record. `name` is a digest, or that of the forms. */
  decodeEntry(name: string, text: string, mayBeUnsigned: boolean): string;
}

/** What an operator does about what only a newer version may use. */
const newerAdvice = 'start a version that does, as the other servers have';

/** Creates it. */
export function sealedRecords(seal: RecordSeal, onBroken: OnBrokenRecord): SealedRecords {
  const broken = (id: string, why: string, advice?: string) => {
    onBroken(id, why, advice);
    return new Unavailable('a record cannot be read', new Error(why));
  };
  /** The error for what could not be decoded although its MAC is good. */
  const undecoded = (id: string, what: string, error: unknown) =>
    error instanceof NewerText
      ? broken(id, `${what} needs a newer Usher, which knows "${error.message}"`, newerAdvice)
      : // The parser's own words would repeat parts of it.
        broken(id, `${what} is not as Usher wrote it`);
  const altered = (id: string) => broken(id, `the record of ${id} is not as Usher wrote it`);
  const unlisted = (id: string, what: string, keyId: string | undefined) =>
    broken(
      id,
      `${what} is signed under master key ${keyId}, which USHER_MASTER_KEYS does not list`,
    );
  /** The content of a signed text. Throws Unavailable when its MAC is not good. */
  const proven = (id: string, name: string, what: string, text: string): string => {
    const { body, mac } = splitMac(text);
    const check = mac === undefined ? 'wrong' : seal.check(name, body, mac);
    if (check === 'unknown key') throw unlisted(id, what, macKeyId(text));
    if (check === 'wrong') throw broken(id, `${what} is not as Usher wrote it`);
    return body;
  };
  return {
    encodeDocument: (collection, document, changeId) =>
      signText(seal, documentName(collection, document.id), encodeDocument(document, changeId)),
    decodeDocument(collection, id, text) {
      const name = `${collection}/${id}`;
      const what = `the document ${name}`;
      const body = proven(name, documentName(collection, id), what, text);
      try {
        return decodeDocument(id, body);
      } catch (error) {
        throw undecoded(name, what, error);
      }
    },
    encode: record => signText(seal, record.id, encodeRecord(record)),
    decode(id, text, mayBeUnsigned) {
      const { body, mac } = splitMac(text);
      if (mac === undefined && !mayBeUnsigned) throw altered(id);
      const check = mac === undefined ? 'good' : seal.check(id, body, mac);
      if (check === 'unknown key') {
        throw unlisted(id, `the record of ${id}`, macKeyId(text));
      }
      if (check === 'wrong') throw altered(id);
      try {
        return decodeRecord(id, body);
      } catch (error) {
        throw undecoded(id, `the record of ${id}`, error);
      }
    },
    missing: id => broken(id, `the record of ${id} is missing in the store`),
    unproven: table => broken(table, `the table ${table} of the store is not as Usher wrote it`),
    encodeEntry: (name, value) => `${value} ${seal.sign(entryName(name), value)}`,
    decodeEntry(name, text, mayBeUnsigned) {
      const what = `the entry ${name} of the index of imported tokens`;
      const { value, mac } = splitEntry(text);
      if (mac === undefined && mayBeUnsigned) return value;
      const check = mac === undefined ? 'wrong' : seal.check(entryName(name), value, mac);
      if (check === 'unknown key') throw unlisted(name, what, mac?.split(' ')[0]);
      if (check === 'wrong') throw broken(name, `${what} is not as Usher wrote it`);
      return value;
    },
  };
}

/** The name under which an index entry is signed: as a record it would be wrong. */
function entryName(name: string): string {
  return `imported/${name}`;
}

/** The name under which a document is signed: of another collection or id it would be wrong. */
export function documentName(collection: Collection, id: string): string {
  return `document/${collection}/${id}`;
}

/** Id of the master key of an index entry's MAC; undefined without one. */
export function entryKeyId(text: string): string | undefined {
  return splitEntry(text).mac?.split(' ')[0];
}

function splitEntry(text: string): { value: string; mac?: string } {
  const found = / ([\w-]{1,32} [\w-]{22})$/.exec(text);
  if (found?.[1] === undefined) return { value: text };
  return { value: text.slice(0, found.index), mac: found[1] };
}

/** A JSON object's text with its MAC as the last member. */
export function signText(seal: RecordSeal, id: string, body: string): string {
  return `${body.slice(0, -1)},"mac":"${seal.sign(id, body)}"}`;
}

/** Whether a text has the MAC that a JSON object's text has as its last member, and it is good. */
export function isSealed(seal: RecordSeal, id: string, text: string): boolean {
  const { body, mac } = splitMac(text);
  return mac !== undefined && seal.check(id, body, mac) === 'good';
}

/** Whether a text has a MAC. */
export function hasMac(text: string): boolean {
  return macPattern.test(text);
}

/** Id of the master key of a text's MAC; undefined without one. */
export function macKeyId(text: string): string | undefined {
  return splitMac(text).mac?.split(' ')[0];
}

/** The keys of what is stored under an id, unproven. */
export function keysOf(id: string, text: string): RecordKeys {
  const { body, mac } = splitMac(text);
  const macKeyId = mac?.split(' ')[0];
  const known = { id, ...(macKeyId === undefined ? {} : { macKeyId }) };
  try {
    return { ...known, record: decodeRecord(id, body) };
  } catch {
    return known;
  }
}

/** The keys of a stored document, unproven. */
export function documentKeysOf(collection: Collection, id: string, text: string): DocumentKeys {
  const keyId = macKeyId(text);
  return {
    ...{ collection, id, sealedUnder: sealedUnder(text) },
    ...(keyId === undefined ? {} : { macKeyId: keyId }),
  };
}

/** The end of a signed text: the master key's id and 128 bits in base64url. */
const macPattern = /,"mac":"([\w-]{1,32} [\w-]{22})"\}$/;

function splitMac(text: string): { body: string; mac?: string } {
  const found = macPattern.exec(text);
  if (found?.[1] === undefined) return { body: text };
  return { body: `${text.slice(0, found.index)}}`, mac: found[1] };
}
