/** Writes and reads what Redis holds signed: records, and the changes under way. */

import type { AuditEvent } from '../audit.ts';
import type { Collection } from '../documents.ts';
import {
  documentName,
  entryKeyId,
  hasMac,
  isSealed,
  macKeyId,
  type SealedRecords,
  sealedRecords,
  signText,
} from '../format/sealed.ts';
import type { AccessTokenRecord } from '../record.ts';
import type { OnBrokenRecord, RecordSeal } from '../seal.ts';
import { type StoredRequest, Unavailable } from '../store.ts';
import type { RedisSchema } from './schema.ts';

/** Writes and reads signed texts. What is not as Usher wrote it is Unavailable. */
export interface RedisRecords {
  encode(record: AccessTokenRecord): string;
  decode(id: string, text: string): Promise<AccessTokenRecord>;
  /** Whether a record's text is signed under the current master key. */
  isCurrent(text: string): boolean;
  /** Encodes a change under way. */
  encodeChange(change: ChangeUnderWay): string;
  decodeChange<T extends ChangeUnderWay>(text: string): Promise<T>;
  /** Encodes what a request key did. */
  encodeRequest(request: StoredRequest): string;
  /** Decodes what is stored under a request key. */
  decodeRequest(key: string, text: string): Promise<StoredRequest>;
  /** As SealedRecords.encodeDocument. */
  encodeDocument: SealedRecords['encodeDocument'];
  /** As SealedRecords.decodeDocument. */
  decodeDocument: SealedRecords['decodeDocument'];
  /** Encodes the event of a document's change, until it is in the log. */
  encodeDocumentEvent(collection: Collection, id: string, event: AuditEvent): string;
  decodeDocumentEvent(collection: Collection, id: string, text: string): AuditEvent;
  /** Encodes the value of an entry of the index of imported tokens. */
  encodeEntry(name: string, value: string): string;
  decodeEntry(name: string, text: string): Promise<string>;
  /** Whether the text of such an entry is signed under the current master key. */
  isCurrentEntry(text: string): boolean;
}

/** A change under way, as far as its signature needs it. */
interface ChangeUnderWay {
  record: AccessTokenRecord;
}

/** Creates it. */
export function redisRecords(
  seal: RecordSeal,
  schema: Pick<RedisSchema, 'acceptsUnsigned'>,
  onBroken: OnBrokenRecord,
): RedisRecords {
  const sealed = sealedRecords(seal, onBroken);
  const mayBeUnsigned = async (text: string) => !hasMac(text) && (await schema.acceptsUnsigned());
  return {
    encode: sealed.encode,
    decode: async (id, text) => sealed.decode(id, text, await mayBeUnsigned(text)),
    isCurrent: text => macKeyId(text) === seal.currentId,
    encodeChange: change => signText(seal, changeName(change), JSON.stringify(change)),
    async decodeChange<T extends ChangeUnderWay>(text: string) {
      const change = parse<T>(text);
      if (!isSealed(seal, changeName(change), text) && !(await mayBeUnsigned(text))) {
        const { id } = change.record;
        onBroken(id, `the change under way of ${id} is not as Usher wrote it`);
        throw new Unavailable('a change under way is not as Usher wrote it');
      }
      return change;
    },
    encodeRequest: request => signText(seal, requestName(request.key), JSON.stringify(request)),
    async decodeRequest(key, text) {
      if (!isSealed(seal, requestName(key), text) && !(await mayBeUnsigned(text))) {
        onBroken(key, `what the request ${key} did is not as Usher wrote it`);
        throw new Unavailable('a stored request is not as Usher wrote it');
      }
      try {
        const { mac: _, ...request } = JSON.parse(text) as StoredRequest & { mac?: string };
        return request;
      } catch {
        throw new Unavailable('a stored request cannot be read');
      }
    },
    encodeDocument: sealed.encodeDocument,
    decodeDocument: sealed.decodeDocument,
    encodeDocumentEvent: (collection, id, event) =>
      signText(seal, `event/${documentName(collection, id)}`, JSON.stringify(event)),
    decodeDocumentEvent(collection, id, text) {
      if (!isSealed(seal, `event/${documentName(collection, id)}`, text)) {
        const name = `${collection}/${id}`;
        onBroken(name, `the change under way of the document ${name} is not as Usher wrote it`);
        throw new Unavailable('a change of a document is not as Usher wrote it');
      }
      const { mac: _, ...event } = JSON.parse(text) as AuditEvent & { mac?: string };
      return event;
    },
    encodeEntry: sealed.encodeEntry,
    decodeEntry: async (name, text) => {
      const isUnsigned = entryKeyId(text) === undefined;
      return sealed.decodeEntry(name, text, isUnsigned && (await schema.acceptsUnsigned()));
    },
    isCurrentEntry: text => entryKeyId(text) === seal.currentId,
  };
}

/** The name under which a change is signed: as a record it would be wrong. */
function changeName({ record }: ChangeUnderWay): string {
  return `change/${record.id}`;
}

/** The name under which the record of a request is signed, with its key: moved, it would be wrong. */
function requestName(key: string): string {
  return `request/${key}`;
}

function parse<T extends ChangeUnderWay>(text: string): T {
  try {
    const change = JSON.parse(text) as T;
    if (typeof change.record.id === 'string') return change;
  } catch {
    // The parser's own words would repeat parts of the change.
  }
  throw new Unavailable('a change under way cannot be read');
}
