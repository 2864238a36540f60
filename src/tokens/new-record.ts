/**
 * What changes make of a record: for one access token, and for many in a job. Times are in
 * milliseconds since 1970.
 */

import type { AccessTokenRecord } from '../store/record.ts';
import type { MasterKeys } from '../verify/master-keys.ts';
import { type Caller, ownerFor } from './caller.ts';
import { nextCeiling } from './ceiling.ts';
import { TokenError } from './errors.ts';
import { checkFields, type Fields, present, recordFields } from './fields.ts';
import type { Grants } from './grants.ts';
import { makeSecret } from './secret.ts';

/** The record. Throws FAILED_PRECONDITION when it is revoked. */
export function notRevoked(record: AccessTokenRecord | undefined): AccessTokenRecord {
  if (record === undefined || record.revokedAt !== undefined) {
    throw new TokenError('FAILED_PRECONDITION', 'the access token is permanently revoked');
  }
  return record;
}

/** The record revoked; undefined where it is already. */
export function revoked(
  before: AccessTokenRecord | undefined,
  reason: string,
  at: number,
): { record: AccessTokenRecord } | undefined {
  if (before === undefined || before.revokedAt !== undefined) return undefined;
  return { record: { ...before, revokedAt: at, ...present({ revokeReason: reason }) } };
}

/** The record with a new secret; the current one stays valid for the grace. Throws TokenError. */
export function rotated(
  { keys, tokenPrefix }: { keys: MasterKeys; tokenPrefix?: string },
  before: AccessTokenRecord | undefined,
  graceSeconds: number,
  at: number,
  grants: Grants,
): { record: AccessTokenRecord; secret: string } {
  const old = notRevoked(before);
  grants.checkHeld(old);
  const { secret, kept } = makeSecret(keys, old.kind, old.id, at, tokenPrefix);
  const previous = old.secrets
    .slice(0, graceSeconds > 0 ? 1 : 0)
    .map(last => ({ ...last, goodUntil: at + graceSeconds * 1000 }));
  const { imported: _imported, ...rest } = old;
  return { record: { ...rest, secrets: [kept, ...previous] }, secret };
}

/** The record with the fields that `mask` names changed. Throws TokenError. */
export function withFields(
  caller: Caller,
  before: AccessTokenRecord | undefined,
  fields: Partial<Fields>,
  mask: readonly (keyof Fields)[],
  at: number,
  grants: Grants,
): AccessTokenRecord {
  const old = notRevoked(before);
  grants.checkHeld(old);
  const chosen = Object.fromEntries(mask.map(name => [name, fields[name]]));
  const next = { ...fieldsOf(old), ...chosen };
  if (mask.includes('owner')) next.owner = ownerFor(caller, next.owner);
  const checked = mask.includes('expiresAt') ? next : { ...next, expiresAt: undefined };
  checkFields(old.kind, checked, at);
  grants.check(next, old);
  const moved = (next.owner || undefined) !== old.owner;
  const mark = moved ? ({ hadOtherOwner: true } as const) : {};
  const written = recordFields(next);
  const ceiling = nextCeiling(caller, old, written, mask);
  return { ...withoutFields(old), ...written, ...ceiling, ...mark };
}

function fieldsOf(record: AccessTokenRecord): Fields {
  const { name, owner, scopes, grantableScopes, metadata, audiences, expiresAt } = record;
  const { jwtLifetimeMaxSeconds, allowedSources, rateLimit, quota } = record;
  return {
    ...{ name, owner, scopes, grantableScopes, metadata, audiences },
    ...{ jwtLifetimeMaxSeconds, expiresAt, allowedSources, rateLimit, quota },
  };
}

function withoutFields(record: AccessTokenRecord) {
  const { name, owner, scopes, grantableScopes, metadata, audiences, ...others } = record;
  const { jwtLifetimeMaxSeconds, expiresAt, ...restrictions } = others;
  const { allowedSources, rateLimit, quota, ceiling, ...rest } = restrictions;
  return rest;
}
