/**
 * A record as the stores keep it, under its id: JSON, so that an operator can read it, with short names
 * and without what follows from the rest, since there may be millions of them in memory.
 */

import type { AccessTokenRecord, Secret } from '../record.ts';

/** A secret: master key id and value with a space between, or these with what else is said of it. */
type StoredSecret = string | (Partial<Secret> & { key: string; value: string });

interface Kept
  extends Omit<
    AccessTokenRecord,
    'id' | 'revision' | 'createdAt' | 'updatedAt' | 'eventId' | 'secrets'
  > {
  rev: number;
  created: number;
  /** Absent while it is `created`. */
  updated?: number;
  /** The event's id in base64url. */
  event: string;
  secrets: StoredSecret[];
}

/** Writes a record as the text that is kept under its id. */
export function encodeRecord(record: AccessTokenRecord): string {
  const { id: _id, revision, createdAt, updatedAt, eventId, secrets, ...rest } = record;
  const kept: Kept = {
    rev: revision,
    ...rest,
    created: createdAt,
    ...(updatedAt === createdAt ? {} : { updated: updatedAt }),
    event: storedEventId(eventId),
    secrets: secrets.map(secret => storedSecret(secret, createdAt)),
  };
  return JSON.stringify(kept);
}

/** Reads a record from the text under its id. Throws on anything that is not one. */
export function decodeRecord(id: string, text: string): AccessTokenRecord {
  const kept = JSON.parse(text) as Kept;
  if (typeof kept?.created !== 'number' || typeof kept.rev !== 'number') {
    throw new Error('not an access token record');
  }
  const { rev: revision, created: createdAt, updated, event, secrets, ...rest } = kept;
  return {
    ...{ id, revision, ...rest, createdAt, updatedAt: updated ?? createdAt },
    secrets: secrets.map(secret => readSecret(secret, createdAt)),
    eventId: readEventId(event),
  };
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** An event's id as a record keeps it. */
export function storedEventId(id: string): string {
  return uuid.test(id) ? Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url') : id;
}

function readEventId(kept: string): string {
  if (!/^[\w-]{22}$/.test(kept)) return kept;
  const hex = Buffer.from(kept, 'base64url').toString('hex');
  return [8, 12, 16, 20, 32].map((end, n) => hex.slice([0, 8, 12, 16, 20][n], end)).join('-');
}

function storedSecret(secret: Secret, recordCreatedAt: number): StoredSecret {
  const { masterKeyId: key, value, createdAt, ...rest } = secret;
  const more = { ...(createdAt === recordCreatedAt ? {} : { createdAt }), ...rest };
  const plain = Object.keys(more).length === 0 && !/ /.test(key + value);
  return plain ? `${key} ${value}` : { key, value, ...more };
}

function readSecret(kept: StoredSecret, recordCreatedAt: number): Secret {
  if (typeof kept === 'string') {
    const [masterKeyId = '', value = ''] = kept.split(' ');
    return { masterKeyId, value, createdAt: recordCreatedAt };
  }
  const { key, value, createdAt = recordCreatedAt, ...rest } = kept;
  return { masterKeyId: key, value, createdAt, ...rest };
}
