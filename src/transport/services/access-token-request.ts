/**
 * Converts requests of AccessTokenService to the arguments of the token operations. Each exported function
 * throws one INVALID_ARGUMENT, which names every field that is wrong.
 */

import type {
  AccessToken,
  CreateAccessTokenRequest,
  ImportAccessTokensRequest,
  ImportAccessTokensRequest_Item,
  RevokeJwtsRequest,
  RotateAccessTokenRequest,
  UpdateAccessTokenRequest,
} from '../../gen/usher/v1/access_token_pb.ts';
import { Kind } from '../../gen/usher/v1/access_token_pb.ts';
import { hint } from '../../reading/nearest.ts';
import { pathOf } from '../../reading/place.ts';
import type { Kind as KindName } from '../../store/record.ts';
import type { JwtTarget } from '../../tokens/access-tokens.ts';
import { checkCreate, checkRevoke, checkRotate, checkUpdate } from '../../tokens/check-request.ts';
import { TokenError } from '../../tokens/errors.ts';
import { Faults } from '../../tokens/faults.ts';
import { checkRequestId, type Fields, invalid } from '../../tokens/fields.ts';
import type { ImportedSecret, ImportItem } from '../../tokens/import.ts';
import { millisecondsOf, safeInteger, wholeSeconds } from '../rpc/time.ts';
import { quotaOf, rateLimitOf } from './use-limits.ts';

type Chosen = Pick<
  CreateAccessTokenRequest | AccessToken | ImportAccessTokensRequest_Item,
  | 'name'
  | 'owner'
  | 'scopes'
  | 'grantableScopes'
  | 'metadata'
  | 'audiences'
  | 'jwtLifetimeMax'
  | 'expireTime'
  | 'allowedSources'
  | 'rateLimit'
  | 'quota'
>;

/** The request id; absent for none. */
export function requestIdOf({ requestId }: { requestId: string }): string | undefined {
  return requestId || undefined;
}

/** A new access token. `now` is in milliseconds since 1970. */
export function createOf(request: CreateAccessTokenRequest, now: number) {
  const faults = new Faults();
  const kind = faults.read(() => {
    const known = kindOf(request.kind);
    if (known === undefined) throw invalid('kind', 'is required');
    return known;
  });
  const fields = fieldsOf(request, faults);
  const requestId = requestIdOf(request);
  if (faults.any) checkCreate({ kind, fields, requestId }, now, faults);
  return { kind: kind as KindName, fields, requestId };
}

/** An update. `now` is in milliseconds since 1970. */
export function updateOf(request: UpdateAccessTokenRequest, now: number) {
  const { accessToken, updateMask } = request;
  if (!accessToken) throw invalid('access_token', 'is required');
  const { id } = accessToken;
  const faults = new Faults();
  const revision = faults.read(() => safeInteger(accessToken.revision, 'access_token.revision'));
  const mask = faults.read(() => maskOf(updateMask?.paths ?? []));
  const fields = fieldsOf(accessToken, faults);
  const requestId = requestIdOf(request);
  if (faults.any) checkUpdate({ id, revision, mask, fields, requestId }, now, faults);
  return { id, revision: revision as number, mask: mask as (keyof Fields)[], fields, requestId };
}

/** Runs an update, whose errors name the fields of the access token by their path in the request. */
export async function inAccessToken<T>(update: () => Promise<T>): Promise<T> {
  try {
    return await update();
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    const violations = error.violations.map(({ field, description }) => ({
      field: /^(access_token|update_mask|request_id)/.test(field) ? field : `access_token.${field}`,
      description,
    }));
    throw new TokenError(error.code, error.message, violations);
  }
}

/** A rotation. */
export function rotateOf(request: RotateAccessTokenRequest) {
  const { id, grace } = request;
  const faults = new Faults();
  const graceSeconds = faults.read(() => (grace ? wholeSeconds(grace, 'grace') : 0));
  const revision = faults.read(() => safeInteger(request.revision, 'revision'));
  const requestId = requestIdOf(request);
  if (faults.any) checkRotate({ id, graceSeconds, requestId }, faults);
  return { id, graceSeconds: graceSeconds as number, revision: revision as number, requestId };
}

/** A revocation of JWTs. */
export function revokeJwtsOf(request: RevokeJwtsRequest) {
  const { id, reason } = request;
  const faults = new Faults();
  const target = faults.read(() => jwtTargetOf(request.target));
  const requestId = requestIdOf(request);
  if (faults.any) checkRevoke({ id, reason, target, requestId }, faults);
  return { id, reason, target: target as JwtTarget, requestId };
}

/** The fields that the caller chooses, which are below `path`; an empty one counts as absent. */
function fieldsOf(chosen: Chosen, faults: Faults, path = ''): Fields {
  const { name, owner, scopes, metadata, audiences, jwtLifetimeMax, expireTime } = chosen;
  const { grantableScopes, allowedSources, rateLimit, quota } = chosen;
  return {
    name,
    owner: owner || undefined,
    scopes,
    // Absent rather than undefined: a repeat of a call by an older client then stays the same call.
    ...(grantableScopes.length > 0 && { grantableScopes }),
    ...(allowedSources.length > 0 && { allowedSources }),
    ...(rateLimit && { rateLimit: rateLimitOf(rateLimit, `${path}rate_limit`, faults) }),
    ...(quota && { quota: quotaOf(quota, `${path}quota`, faults) }),
    metadata,
    audiences: listOf(audiences),
    jwtLifetimeMaxSeconds: faults.read(
      () => jwtLifetimeMax && wholeSeconds(jwtLifetimeMax, `${path}jwt_lifetime_max`),
    ),
    expiresAt: faults.read(() => expireTime && millisecondsOf(expireTime, `${path}expire_time`)),
  };
}

function listOf(words: string[]): string[] | undefined {
  return words.length > 0 ? words : undefined;
}

/** The fields that each path of an update mask names. */
const maskable: ReadonlyMap<string, keyof Fields> = new Map([
  ['name', 'name'],
  ['owner', 'owner'],
  ['scopes', 'scopes'],
  ['grantable_scopes', 'grantableScopes'],
  ['metadata', 'metadata'],
  ['audiences', 'audiences'],
  ['jwt_lifetime_max', 'jwtLifetimeMaxSeconds'],
  ['expire_time', 'expiresAt'],
  ['allowed_sources', 'allowedSources'],
  ['rate_limit', 'rateLimit'],
  ['quota', 'quota'],
]);

/** The fields that a mask names, each once. */
function maskOf(paths: readonly string[]): (keyof Fields)[] {
  if (paths.length === 0) throw invalid('update_mask', 'is required');
  const names = paths.map(path => {
    const name = maskable.get(path);
    if (name === undefined) {
      const known = [...maskable.keys()];
      const advice = hint(path, known) || `; only ${known.join(', ')} can`;
      throw invalid('update_mask', `${pathOf([path])} cannot be changed${advice}`);
    }
    return name;
  });
  return [...new Set(names)];
}

/** The kind; undefined for KIND_UNSPECIFIED. */
export function kindOf(kind: Kind): KindName | undefined {
  switch (kind) {
    case Kind.UNSPECIFIED:
      return undefined;
    case Kind.STATIC:
      return 'static';
    case Kind.JWT:
      return 'jwt';
    default:
      throw invalid('kind', 'is neither static nor jwt');
  }
}

/** Which JWTs to revoke: one of `jti`, `subject` and `issued_before`, which is required. */
function jwtTargetOf(target: RevokeJwtsRequest['target']): JwtTarget {
  switch (target.case) {
    case 'jti':
      return { jti: target.value };
    case 'subject':
      return { subject: target.value };
    case 'issuedBefore':
      return { issuedBefore: millisecondsOf(target.value, 'issued_before') };
    default:
      throw invalid('target', 'is required: give jti, subject or issued_before');
  }
}

/** The items of an import. */
export function importItemsOf({ items, requestId }: ImportAccessTokensRequest): ImportItem[] {
  const faults = new Faults();
  const read = items.map((item, index) => importItemOf(item, `items[${index}].`, faults));
  if (faults.any) faults.read(() => checkRequestId(requestId));
  faults.end();
  return read;
}

/** The token is empty when neither token, hash nor secret is given. */
function importItemOf(
  item: ImportAccessTokensRequest_Item,
  path: string,
  faults: Faults,
): ImportItem {
  return {
    secret: importedSecretOf(item.secret),
    id: item.id,
    fields: fieldsOf(item, faults, path),
  };
}

function importedSecretOf(secret: ImportAccessTokensRequest_Item['secret']): ImportedSecret {
  switch (secret.case) {
    case 'token':
      return { token: secret.value };
    case 'sha256':
      return { sha256: secret.value };
    case 'sha512':
      return { sha512: secret.value };
    case 'jwtSecret':
      return { jwtSecret: secret.value };
    default:
      return { token: '' };
  }
}
