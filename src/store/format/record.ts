/**
 * The stored form of a record: JSON, so that an operator can read it, with short names and without
 * what follows from the rest, since a store in memory may hold millions.
 */

import type { AccessTokenRecord, Secret } from '../record.ts';
import { checkNeeds } from './needs.ts';

/** A secret: master key id and value joined by a space, or an object when it has further fields. */
type StoredSecret = string | (Partial<Secret> & { key: string; value: string });

interface StoredRecord
  extends Omit<
    AccessTokenRecord,
    'id' | 'revision' | 'createdAt' | 'updatedAt' | 'eventId' | 'secrets'
  > {
  rev: number;
  created: number;
  /** Absent when equal to `created`. */
  updated?: number;
  /** The event's id in base64url. */
  event: string;
  secrets: StoredSecret[];
  /** A version without MACs leaves an old one here when it changes a record; it proves nothing. */
  mac?: string;
  /** As checkNeeds. */
  needs?: string[];
}

/** Encodes a record as the text that is stored under its id. */
export function encodeRecord(record: AccessTokenRecord): string {
  const { id: _id, revision, createdAt, updatedAt, eventId, secrets, ...rest } = record;
  const stored: StoredRecord = {
    rev: revision,
    ...rest,
    created: createdAt,
    ...(updatedAt === createdAt ? {} : { updated: updatedAt }),
    event: storedEventId(eventId),
    secrets: secrets.map(secret => storedSecret(secret, createdAt)),
  };
  return JSON.stringify(stored);
}

/**
 * Decodes the text that is stored under an id. Throws Error when it is not a record, and NewerText when
 * only a newer version may use it.
 */
export function decodeRecord(id: string, text: string): AccessTokenRecord {
  const stored = JSON.parse(text) as StoredRecord;
  if (typeof stored?.created !== 'number' || typeof stored.rev !== 'number') {
    throw new Error('not an access token record');
  }
  const { needs, ...known } = stored;
  checkNeeds(needs);
  const { rev: revision, created: createdAt, updated, event, secrets, mac: _mac, ...rest } = known;
  return {
    ...{ id, revision, ...rest, createdAt, updatedAt: updated ?? createdAt },
    secrets: secrets.map(secret => readSecret(secret, createdAt)),
    eventId: readEventId(event),
  };
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** An event's id as a stored record holds it: base64url of a UUID's bytes, any other text as is. */
export function storedEventId(id: string): string {
  return uuid.test(id) ? Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url') : id;
}

function readEventId(stored: string): string {
  if (!/^[\w-]{22}$/.test(stored)) return stored;
  const hex = Buffer.from(stored, 'base64url').toString('hex');
  return [8, 12, 16, 20, 32].map((end, n) => hex.slice([0, 8, 12, 16, 20][n], end)).join('-');
}

function storedSecret(secret: Secret, recordCreatedAt: number): StoredSecret {
  const { masterKeyId: key, value, createdAt, ...rest } = secret;
  const more = { ...(createdAt === recordCreatedAt ? {} : { createdAt }), ...rest };
  const plain = Object.keys(more).length === 0 && !/ /.test(key + value);
  return plain ? `${key} ${value}` : { key, value, ...more };
}

function readSecret(stored: StoredSecret, recordCreatedAt: number): Secret {
  if (typeof stored === 'string') {
    const [masterKeyId = '', value = ''] = stored.split(' ');
    return { masterKeyId, value, createdAt: recordCreatedAt };
  }
  const { key, value, createdAt = recordCreatedAt, ...rest } = stored;
  return { masterKeyId: key, value, createdAt, ...rest };
}
