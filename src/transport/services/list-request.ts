/** Converts requests for lists of access tokens to the arguments of the token operations. */

import type {
  ListAccessTokensRequest,
  ListValuesRequest,
} from '../../gen/usher/v1/access_token_pb.ts';
import { Field, Sort, State } from '../../gen/usher/v1/access_token_pb.ts';
import { Faults } from '../../tokens/faults.ts';
import { checkPageSize, invalid } from '../../tokens/fields.ts';
import { type ListQuery, listLimits } from '../../tokens/list/query.ts';
import type { ValuesQuery } from '../../tokens/list/values.ts';
import { durationMsOf } from '../rpc/time.ts';
import { kindOf } from './access-token-request.ts';

/** The filter, order and page of a list. Throws one INVALID_ARGUMENT, which names every wrong field. */
export function listQueryOf(request: ListAccessTokensRequest): ListQuery {
  const { pageSize, pageToken, owner, text, expiresWithin, unusedFor } = request;
  const faults = new Faults();
  const query = {
    pageSize,
    pageToken: pageToken || undefined,
    kind: faults.read(() => kindOf(request.kind)),
    owner: owner || undefined,
    state: faults.read(() => stateNameOf(request.state)),
    text: text || undefined,
    expiresWithinMs: faults.read(
      () => expiresWithin && durationMsOf(expiresWithin, 'expires_within'),
    ),
    scope: request.scope || undefined,
    madeBy: request.createdBy || undefined,
    unusedMs: faults.read(() => unusedFor && durationMsOf(unusedFor, 'unused_for')),
    ...orderOf(request, faults),
  };
  if (faults.any) faults.read(() => checkPageSize(pageSize, listLimits.pageSizeMax));
  faults.end();
  return query;
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

function orderOf({ sort, reverse }: ListAccessTokensRequest, faults: Faults) {
  const by = faults.read(() => sortOf(sort)) ?? 'newest';
  faults.read(() => {
    if (!reverse || !['newest', 'oldest'].includes(by)) return;
    throw invalid('reverse', 'is not for this order: the opposite of newest first is oldest first');
  });
  return { sort: by, reverse: reverse || undefined };
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
    case Sort.NAME:
      return 'name';
    case Sort.OWNER:
      return 'owner';
    case Sort.LAST_USED:
      return 'last used';
    default:
      throw invalid('sort', 'is not a known order');
  }
}

/** Which values to list. Throws as `listQueryOf`. */
export function valuesQueryOf({ field, text, pageSize }: ListValuesRequest): ValuesQuery {
  const faults = new Faults();
  const of = faults.read(() => {
    if (field === Field.OWNER) return 'owner' as const;
    if (field === Field.SCOPE) return 'scope' as const;
    if (field === Field.CREATED_BY) return 'maker' as const;
    throw invalid('field', field === Field.UNSPECIFIED ? 'is required' : 'is not a known field');
  });
  faults.read(() => checkPageSize(pageSize, listLimits.pageSizeMax));
  faults.end();
  return { field: of as ValuesQuery['field'], text, limit: pageSize || listLimits.pageSizeDefault };
}
