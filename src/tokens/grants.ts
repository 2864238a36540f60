/** Which scopes a caller may give to access tokens: not more than it may do itself. */

import type { TokenReader } from '../store/store.ts';
import { adminScope, type Caller } from './caller.ts';
import { TokenError } from './errors.ts';
import type { Fields } from './fields.ts';

/** The fields that give rights. */
type Granting = Pick<Fields, 'scopes' | 'grantableScopes'>;

/** What a caller may give. */
export interface Grants {
  /**
   * Throws PERMISSION_DENIED when `next` has a scope that `before` lacks and the caller may not give.
   * `before` is absent for a new access token.
   */
  check(next: Granting, before?: Granting): void;
}

const everything: Grants = { check: () => undefined };

/**
 * The grants of a caller with the scope usher.admin. One without an owner may give any scope. One with
 * an owner may give the `usher.*` scopes that it has, of which usher.admin is all, and of the others its
 * access token's grantable scopes, by default the access token's own. Throws Unavailable.
 */
export async function grantsOf(store: TokenReader, caller: Caller): Promise<Grants> {
  if (caller.owner === undefined) return everything;
  const record = await store.get(caller.actor);
  const grantable = record === undefined ? [] : givenBy(record);
  const ownScopes = caller.scopes;
  const mayGive = (scope: string) =>
    scope.startsWith('usher.')
      ? ownScopes.includes(adminScope) || ownScopes.includes(scope)
      : grantable.includes(scope);
  const check = (field: string, next: readonly string[], before: readonly string[]) => {
    if (next.every(scope => before.includes(scope) || mayGive(scope))) return;
    throw new TokenError(
      'PERMISSION_DENIED',
      `${field}: may hold only what the caller's token may give, which its grantable_scopes say`,
    );
  };
  return {
    check(next, before = { scopes: [] }) {
      check('scopes', next.scopes, before.scopes);
      check('grantable_scopes', givenBy(next), givenBy(before));
    },
  };
}

/** What an access token may give: without grantable scopes, its own. */
function givenBy({ grantableScopes, scopes }: Granting): readonly string[] {
  return grantableScopes ?? scopes;
}
