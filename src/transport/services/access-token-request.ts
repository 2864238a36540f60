/**
 * Converts requests of AccessTokenService to the arguments of the token operations. All functions
 * throw INVALID_ARGUMENT, naming the field, for a value out of range.
 */

import type {
  AccessToken,
  CreateRequest,
  ImportRequest_Item,
  ListRequest,
  RevokeJwtsRequest,
} from '../../gen/usher/v1/access_token_pb.ts';
import { Kind, Sort, State } from '../../gen/usher/v1/access_token_pb.ts';
import { hint } from '../../reading/nearest.ts';
import { pathOf } from '../../reading/place.ts';
import type { Kind as KindName } from '../../store/record.ts';
import type { JwtTarget, ListQuery } from '../../tokens/access-tokens.ts';
import { type Fields, invalid } from '../../tokens/fields.ts';
import type { ImportedSecret, ImportItem } from '../../tokens/import.ts';
import { durationMsOf, millisecondsOf, wholeSeconds } from '../rpc/time.ts';

type Chosen = Pick<
  CreateRequest | AccessToken | ImportRequest_Item,
  | 'name'
  | 'owner'
  | 'scopes'
  | 'grantableScopes'
  | 'metadata'
  | 'audiences'
  | 'jwtLifetimeMax'
  | 'expireTime'
>;

/** The fields that the caller chooses; an empty one counts as absent. */
export function fieldsOf(chosen: Chosen): Fields {
  const { name, owner, scopes, metadata, audiences, jwtLifetimeMax, expireTime } = chosen;
  const { grantableScopes } = chosen;
  return {
    name,
    owner: owner || undefined,
    scopes,
    // Absent rather than undefined: a repeat of a call by an older client then stays the same call.
    ...(grantableScopes.length > 0 && { grantableScopes }),
    metadata,
    audiences: listOf(audiences),
    jwtLifetimeMaxSeconds: jwtLifetimeMax && wholeSeconds(jwtLifetimeMax, 'jwt_lifetime_max'),
    expiresAt: expireTime && millisecondsOf(expireTime, 'expire_time'),
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
]);

/** The fields that a mask names, each once. */
export function maskOf(paths: readonly string[]): (keyof Fields)[] {
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

/** The filter, order and page of a list. */
export function listQueryOf(request: ListRequest): ListQuery {
  const { pageSize, pageToken, owner, text, expiresWithin } = request;
  return {
    pageSize,
    pageToken: pageToken || undefined,
    kind: kindOf(request.kind),
    owner: owner || undefined,
    state: stateNameOf(request.state),
    text: text || undefined,
    expiresWithinMs: expiresWithin && durationMsOf(expiresWithin, 'expires_within'),
    sort: sortOf(request.sort),
  };
}

function stateNameOf(state: State): ListQuery['state'] {
  switch (state) {
    case State.UNSPECIFIED:
      return undefined;
    case State.ACTIVE:
      return 'active';
    case State.EXPIRED:
      return 'expired';
    case State.REVOKED:
      return 'revoked';
    default:
      throw invalid('state', 'is not a known state');
  }
}

function sortOf(sort: Sort): ListQuery['sort'] {
  switch (sort) {
    case Sort.UNSPECIFIED:
    case Sort.NEWEST:
      return 'newest';
    case Sort.OLDEST:
      return 'oldest';
    case Sort.EXPIRY:
      return 'expiry';
    default:
      throw invalid('sort', 'is not a known order');
  }
}

/** Which JWTs to revoke: one of `jti`, `subject` and `issued_before`, which is required. */
export function jwtTargetOf(target: RevokeJwtsRequest['target']): JwtTarget {
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

/** An item of an import; the token is empty when neither token, hash nor secret is given. */
export function importItemOf(item: ImportRequest_Item): ImportItem {
  return { secret: importedSecretOf(item.secret), id: item.id, fields: fieldsOf(item) };
}

function importedSecretOf(secret: ImportRequest_Item['secret']): ImportedSecret {
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
