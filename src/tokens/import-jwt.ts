/** Imports the secrets with which other systems sign JWTs, under the `kid` that those already name. */

import { isUtf8 } from 'node:buffer';
import { timingSafeEqual } from 'node:crypto';
import { v4 } from 'uuid';
import type { AccessTokenRecord, Secret } from '../store/record.ts';
import type { Store } from '../store/store.ts';
import { importJwtKey } from '../verify/jwt.ts';
import type { MasterKeys } from '../verify/master-keys.ts';
import { byCaller } from './audit-names.ts';
import type { Caller } from './caller.ts';
import { firstCeiling } from './ceiling.ts';
import { uuidOf } from './derived-uuid.ts';
import { auditFields, recordFields } from './fields.ts';
import type { CheckedJwtItem } from './import-item.ts';
import { type ImportResult, refused, taken } from './import-result.ts';

/** What was found for a secret, whose `eventId` names the change that wrote it; or the result. */
type JwtOutcome = { record: AccessTokenRecord } | ImportResult;

/** How a secret is imported. */
export interface JwtImport {
  caller: Caller;
  /** UUID; "" for none. */
  requestId: string;
  /** Reports what the import would do, and changes nothing. */
  dryRun: boolean;
  /** The current time in milliseconds since 1970. */
  at: number;
}

/** Imports one secret. Its access token may exist, if it has the same secret. Throws Unavailable. */
export async function importJwtSecret(
  { store, keys }: { store: Store; keys: MasterKeys },
  item: CheckedJwtItem,
  { caller, requestId, dryRun, at }: JwtImport,
): Promise<JwtOutcome> {
  const { id, fields, jwtSecret } = item;
  const found = await store.get(id);
  if (found !== undefined) return hasSecret(keys, found, jwtSecret);
  if (dryRun) return { outcome: 'imported', id, problem: '' };
  const eventId = jwtEventId(caller, requestId, id);
  const written = recordFields(fields);
  const record: AccessTokenRecord = {
    ...{ id, revision: 1, kind: 'jwt', ...written, ...firstCeiling(caller, written) },
    ...{ createdAt: at, createdBy: caller.actor, updatedAt: at, secrets: [sealed(keys, item, at)] },
    ...{ imported: 'plain', eventId },
  };
  const event = {
    ...{ id: eventId, time: at, action: 'token.import', tokenId: id },
    ...byCaller(caller),
    tokenName: record.name,
    ...{ after: auditFields(record), detail: 'jwt secret', requestId },
  };
  const { outcome } = await store.commit({ record, event });
  if (outcome === 'done') return { outcome: 'imported', id, problem: '' };
  const other = await store.get(id);
  return other === undefined ? refused(taken().message) : hasSecret(keys, other, jwtSecret);
}

/** The id of the audit event; a repeated request has the same one. */
export function jwtEventId({ actor }: Caller, requestId: string, id: string): string {
  return requestId === '' ? v4() : uuidOf(`${actor}:${requestId}:${id}`);
}

/** The stored form of a secret: its text, or base64 where it is no UTF-8. */
function sealed(keys: MasterKeys, { id, jwtSecret }: CheckedJwtItem, createdAt: number): Secret {
  const bytes = Buffer.from(jwtSecret);
  if (isUtf8(bytes)) return { ...keys.seal(bytes.toString('utf8'), id), createdAt };
  return { ...keys.seal(bytes.toString('base64'), id), encoding: 'base64', createdAt };
}

function hasSecret(keys: MasterKeys, record: AccessTokenRecord, secret: Uint8Array): JwtOutcome {
  const [current] = record.secrets;
  if (record.kind !== 'jwt' || current === undefined) return refused(taken().message);
  const key = importJwtKey(keys.open(current, record.id), current.encoding).export();
  const isSame = key.length === secret.length && timingSafeEqual(key, secret);
  return isSame ? { record } : refused(taken().message);
}
