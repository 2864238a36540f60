/** Checks the fields of an access token that callers set. */

import type {
  AccessTokenRecord,
  Json,
  JsonObject,
  Kind,
  Quota,
  RateLimit,
  RevokedJwts,
} from '../store/record.ts';
import { canonicalSources, checkSources } from './allowed-sources.ts';
import { checkAll, invalid } from './faults.ts';
import { checkQuota, checkRateLimit } from './use-limits.ts';

export { invalid } from './faults.ts';

/** The fields of an access token that callers set: see AccessTokenRecord. Limits: fieldLimits. */
export interface Fields {
  /** Required. */
  name: string;
  owner?: string | undefined;
  scopes: string[];
  /** kind static only; absent for its own scopes. */
  grantableScopes?: string[] | undefined;
  metadata?: JsonObject | undefined;
  /** kind jwt only. */
  audiences?: string[] | undefined;
  /** kind jwt only; whole seconds. */
  jwtLifetimeMaxSeconds?: number | undefined;
  /** Milliseconds since 1970; absent for never. */
  expiresAt?: number | undefined;
  /** CIDR ranges and addresses in any spelling; absent for any address. */
  allowedSources?: string[] | undefined;
  /** Absent for no limit. */
  rateLimit?: RateLimit | undefined;
  /** Absent for no limit. */
  quota?: Quota | undefined;
}

/** The fields as a record has them. They must be valid. */
export function recordFields(fields: Fields): ReturnType<typeof present<Fields>> {
  const { allowedSources } = fields;
  if (!allowedSources) return present(fields);
  return present({ ...fields, allowedSources: canonicalSources(allowedSources) });
}

/** Limits of the fields. Lengths are in UTF-16 code units. */
export const fieldLimits = {
  nameLengthMax: 128,
  ownerLengthMax: 128,
  scopesMax: 64,
  scopeLengthMax: 128,
  audiencesMax: 64,
  audienceLengthMax: 256,
  metadataBytesMax: 16 * 1024,
  metadataDepthMax: 16,
  reasonLengthMax: 256,
  subjectLengthMax: 256,
  jtiLengthMax: 256,
} as const;

/** RFC 6749 section 3.3: printable ASCII without space, quote and backslash. */
const scopeToken = /^[\x21\x23-\x5b\x5d-\x7e]+$/;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** Control characters, with which a text could forge lines of logs and headers. */
const control = /\p{Cc}/u;
/** Characters that turn the direction of what follows: a name could make the sentence around it read otherwise. */
const turning = /[\u202a-\u202e\u2066-\u2069]/;
/** Characters at which programs begin a new line: a name could look like several lines. */
const breaking = /[\p{Zl}\p{Zp}]/u;

/**
 * Throws INVALID_ARGUMENT for every invalid field that is given; `kind` is absent where it is not
 * known yet. `now` is in milliseconds since 1970.
 */
export function checkFields(kind: Kind | undefined, fields: Partial<Fields>, now: number): void {
  const { name, owner, scopes, grantableScopes, metadata, audiences, expiresAt } = fields;
  const { jwtLifetimeMaxSeconds: lifetime, allowedSources, rateLimit, quota } = fields;
  checkAll(
    () => name !== undefined && checkName(name),
    () => owner !== undefined && checkShownText('owner', owner, fieldLimits.ownerLengthMax),
    () => scopes && checkScopes('scopes', scopes),
    () => {
      if (grantableScopes === undefined) return;
      if (kind === 'jwt') throw invalid('grantable_scopes', 'are for kind static only');
      checkScopes('grantable_scopes', grantableScopes);
    },
    () => metadata && checkMetadata(metadata),
    () => expiresAt !== undefined && checkExpiry(expiresAt, now),
    () => {
      if (audiences === undefined) return;
      if (kind === 'static') throw invalid('audiences', 'are for kind jwt only');
      checkAudiences('audiences', audiences);
    },
    () => {
      if (lifetime === undefined) return;
      if (kind === 'static') throw invalid('jwt_lifetime_max', 'is for kind jwt only');
      if (Number.isSafeInteger(lifetime) && lifetime > 0) return;
      throw invalid('jwt_lifetime_max', 'must be a whole number of seconds, at least 1');
    },
    () => allowedSources && checkSources('allowed_sources', allowedSources),
    () => rateLimit && checkRateLimit(kind, rateLimit),
    () => quota && checkQuota(kind, quota),
  );
}

function checkName(name: string): void {
  if (name.trim() === '') throw invalid('name', 'is required');
  checkShownText('name', name, fieldLimits.nameLengthMax);
}

function checkExpiry(expiresAt: number, now: number): void {
  if (!(expiresAt > now)) throw invalid('expire_time', 'is not in the future');
  if (Number.isSafeInteger(expiresAt)) return;
  throw invalid('expire_time', 'is not a whole number of milliseconds');
}

/**
 * Throws INVALID_ARGUMENT unless all are distinct scope tokens (RFC 6749 section 3.3) within
 * limits.
 */
export function checkScopes(field: string, scopes: readonly string[]): void {
  const { scopesMax, scopeLengthMax } = fieldLimits;
  if (scopes.length > scopesMax) throw invalid(field, `has more than ${scopesMax} entries`);
  if (new Set(scopes).size !== scopes.length) throw invalid(field, 'has an entry twice');
  for (const scope of scopes) {
    if (!scopeToken.test(scope)) {
      throw invalid(
        field,
        'must be printable ASCII without space, " and \\ (RFC 6749 section 3.3)',
      );
    }
    if (scope.length > scopeLengthMax) {
      throw invalid(field, `has an entry longer than ${scopeLengthMax} characters`);
    }
  }
}

/** Throws INVALID_ARGUMENT unless all are distinct texts within limits. */
export function checkAudiences(field: string, audiences: readonly string[]): void {
  const { audiencesMax, audienceLengthMax } = fieldLimits;
  if (audiences.length > audiencesMax)
    throw invalid(field, `has more than ${audiencesMax} entries`);
  if (new Set(audiences).size !== audiences.length) throw invalid(field, 'has an entry twice');
  for (const audience of audiences) {
    if (audience === '') throw invalid(field, 'has an empty entry');
    checkShownText(field, audience, audienceLengthMax);
  }
}

/**
 * Throws INVALID_ARGUMENT for a text that is too long, has control characters or lone surrogates.
 */
export function checkText(field: string, text: string, lengthMax: number): void {
  if (text.length > lengthMax) throw invalid(field, `is longer than ${lengthMax} characters`);
  if (control.test(text)) throw invalid(field, 'has a control character');
  if (!text.isWellFormed()) throw invalid(field, 'is not well-formed Unicode');
}

/** The same for a text that people read within others: also for characters that turn its direction or break it. */
export function checkShownText(field: string, text: string, lengthMax: number): void {
  checkText(field, text, lengthMax);
  if (turning.test(text)) throw invalid(field, 'has a character that turns the direction of text');
  if (breaking.test(text)) throw invalid(field, 'has a character that begins a new line');
}

/** Throws INVALID_ARGUMENT for a request id that is no UUID; absent and empty are fine. */
export function checkRequestId(requestId: string | undefined): void {
  if (requestId) checkUuid('request_id', requestId);
}

/** Throws INVALID_ARGUMENT unless a page size is 1 to `most`, or 0 for the default. */
export function checkPageSize(pageSize: number, most: number): void {
  if (pageSize === 0 || (pageSize >= 1 && pageSize <= most)) return;
  throw invalid('page_size', `must be 1 to ${most}`);
}

/** Whether a text is a UUID, in either case. */
export function isUuid(text: string): boolean {
  return uuid.test(text);
}

/** The UUID in lower case. Throws INVALID_ARGUMENT for anything else. */
export function checkUuid(field: string, id: string): string {
  if (!uuid.test(id)) throw invalid(field, 'must be a UUID, as the API Manager shows it');
  return id.toLowerCase();
}

function checkMetadata(metadata: JsonObject): void {
  const { metadataBytesMax, metadataDepthMax } = fieldLimits;
  checkJson('metadata', metadata, metadataDepthMax);
  if (Buffer.byteLength(JSON.stringify(metadata)) > metadataBytesMax) {
    throw invalid('metadata', `is larger than ${metadataBytesMax} bytes as JSON`);
  }
}

/**
 * Throws INVALID_ARGUMENT for an object that is nested deeper than `depthMax` levels, or holds a
 * number or text that JSON cannot.
 */
export function checkJson(field: string, object: JsonObject, depthMax: number): void {
  const check = (value: Json, depth: number): void => {
    if (typeof value === 'number' && !Number.isFinite(value)) {
      throw invalid(field, 'has a number that is not finite');
    }
    if (typeof value === 'string' && !value.isWellFormed()) {
      throw invalid(field, 'is not well-formed Unicode');
    }
    if (typeof value !== 'object' || value === null) return;
    if (depth > depthMax) throw invalid(field, `is nested deeper than ${depthMax} levels`);
    for (const [name, member] of Object.entries(value)) {
      check(name, depth);
      check(member, depth + 1);
    }
  };
  check(object, 1);
}

/**
 * Without the fields that are undefined, "" or an empty object or list, as a record has no empty
 * optional fields. `scopes` stays.
 */
export function present<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const kept = Object.entries(fields).filter(
    ([name, value]) =>
      value !== undefined &&
      value !== '' &&
      (name === 'scopes' || typeof value !== 'object' || Object.keys(value).length > 0),
  );
  return Object.fromEntries(kept) as { [K in keyof T]: Exclude<T[K], undefined> };
}

/** A record's fields as the audit log shows them: without secrets and hashes. */
export function auditFields(record: AccessTokenRecord): JsonObject {
  const { id: _id, secrets, revokedJwts, eventId: _eventId, revision, ...others } = record;
  // The entry itself says who did it.
  const { createdBy: _createdBy, changedBy: _changedBy, ...fields } = others;
  const previous = secrets[1]?.goodUntil;
  return JSON.parse(
    JSON.stringify({
      ...fields,
      revision,
      rotatedAt: secrets[0]?.createdAt,
      previousGoodUntil: previous,
      jwtsRevokedBefore: revokedJwts?.issuedBefore,
      revokedJwts: Object.keys(revokedJwts?.ids ?? {}).length,
      revokedSubjects: Object.keys(revokedJwts?.subjects ?? {}).length,
    }),
  ) as JsonObject;
}

/** What a record's revocations of JWTs have more than before; undefined for nothing. */
export function addedRevocations(
  before: RevokedJwts = {},
  after: RevokedJwts = {},
): JsonObject | undefined {
  const added = (older: Record<string, number> = {}, newer: Record<string, number> = {}) =>
    Object.fromEntries(Object.entries(newer).filter(([name, time]) => older[name] !== time));
  const isLater = (after.issuedBefore ?? 0) > (before.issuedBefore ?? 0);
  const ids = added(before.ids, after.ids);
  const subjects = added(before.subjects, after.subjects);
  // Sealed, as in the record: without their key the hashes say nothing.
  const hasHash = Object.keys(ids).length > 0 || Object.keys(subjects).length > 0;
  const key = hasHash && after.key ? { ...after.key } : undefined;
  const found = present({
    issuedBefore: isLater ? after.issuedBefore : undefined,
    ...{ key, ids, subjects },
  });
  return Object.keys(found).length === 0 ? undefined : found;
}

/** The fields that differ, with their values before and after. */
export function difference(
  before: JsonObject,
  after: JsonObject,
): { before: JsonObject; after: JsonObject } {
  const changed = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    name => JSON.stringify(before[name]) !== JSON.stringify(after[name]),
  );
  const pick = (from: JsonObject) =>
    Object.fromEntries(
      changed.filter(name => from[name] !== undefined).map(name => [name, from[name] as Json]),
    );
  return { before: pick(before), after: pick(after) };
}
