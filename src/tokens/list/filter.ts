/** Decides which access tokens a list has. */

import { stateOf } from '../state.ts';
import type { Listed, SharedScopes, SharedWord } from './listed.ts';
import type { ListQuery } from './query.ts';

/** Whether a list has an access token. */
export type Passes = (listed: Listed) => boolean;

/**
 * The filter of a query, among the access tokens of these owners (undefined for all), at a time in
 * milliseconds since 1970. Make a new one for each search: it remembers what it compared.
 */
export function filterOf(
  owners: readonly string[] | undefined,
  query: ListQuery,
  at: number,
): Passes {
  const { kind, state, expiresWithinMs, scope, unusedMs, madeBy, sort } = query;
  const isOwner = owners && new Set(owners);
  const hasText = textFilter(query.text?.toLowerCase());
  const lastEnd = expiresWithinMs === undefined ? undefined : at + expiresWithinMs;
  const lastUse = unusedMs === undefined ? undefined : at - unusedMs;
  return listed => {
    if (isOwner !== undefined && !isOwner.has(listed.owner?.text ?? '')) return false;
    if (kind !== undefined && listed.kind !== kind) return false;
    if (sort === 'expiry' && listed.expiresAt === undefined) return false;
    if (state !== undefined && stateOf(listed, at) !== state) return false;
    if (lastEnd !== undefined) {
      if ((listed.expiresAt ?? Number.POSITIVE_INFINITY) > lastEnd) return false;
      if (stateOf(listed, at) !== 'active') return false;
    }
    if (lastUse !== undefined && Math.max(listed.lastUsedAt, listed.createdAt) > lastUse) {
      return false;
    }
    if (madeBy && listed.madeBy?.text !== madeBy) return false;
    if (scope && !listed.scopes.words.includes(scope)) return false;
    return hasText(listed);
  };
}

function textFilter(text: string | undefined): Passes {
  if (!text) return () => true;
  // Thousands share an owner and their scopes: each is compared once.
  const compared = new Map<SharedWord | SharedScopes, boolean>();
  const isIn = (shared: SharedWord | SharedScopes): boolean => {
    const known = compared.get(shared);
    if (known !== undefined) return known;
    const found = shared.folded.includes(text);
    compared.set(shared, found);
    return found;
  };
  return ({ id, name, owner, scopes }) =>
    name.includes(text) || (owner && isIn(owner)) || isIn(scopes) || id.includes(text);
}
