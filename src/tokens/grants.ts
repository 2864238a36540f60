/** What a caller may give to access tokens: not more than it may do itself. */

import type { TokenReader } from '../store/store.ts';
import { isWithinSources } from './allowed-sources.ts';
import { adminActor, adminScope, type Caller, personIn } from './caller.ts';
import { TokenError } from './errors.ts';
import type { Fields } from './fields.ts';
import { isWithinQuota, isWithinRate } from './use-limits.ts';

/** The fields that give rights. */
type Giving = Pick<Fields, 'scopes' | 'grantableScopes'>;

/** The fields that restrict where and how often a token may be used. */
type Restricting = Pick<Fields, 'allowedSources' | 'rateLimit' | 'quota'>;

type Granting = Giving & Restricting;

/** What a caller may give. */
export interface Grants {
  /**
   * Throws PERMISSION_DENIED when `next` has a scope that `before` lacks and the caller may not give, or
   * has scopes `usher.*` with fewer restrictions than `before` and the caller's own token. `before` is
   * absent for a new access token.
   */
  check(next: Granting, before?: Granting): void;
  /**
   * Throws PERMISSION_DENIED for an access token that has rights in Usher which the caller lacks: with its
   * secret, or without its restrictions, the caller would gain them.
   */
  checkHeld(record: Giving): void;
}

const everything: Grants = { check: () => undefined, checkHeld: () => undefined };

/**
 * The grants of a caller with the scope usher.admin or usher.tokens.write. With usher.admin and without an
 * owner it may give any scope. Others may give the `usher.*` scopes that they have, of which usher.admin is
 * all. Of the scopes of services, a person may give any, and an access token its grantable scopes, by
 * default its own. Throws Unavailable.
 */
export async function grantsOf(store: TokenReader, caller: Caller): Promise<Grants> {
  if (caller.actor === adminActor) return everything;
  const isPerson = personIn(caller.actor) !== undefined;
  const record = isPerson ? undefined : await store.get(caller.actor);
  const mayGive = scopesOf(caller, isPerson ? undefined : (record ?? { scopes: [] }));
  const check = (field: string, next: readonly string[], before: readonly string[]) => {
    if (next.every(scope => before.includes(scope) || mayGive(scope))) return;
    throw denied(
      field,
      "may hold only what the caller's token may give, which its grantable_scopes say",
    );
  };
  return {
    check(next, before) {
      check('scopes', next.scopes, before?.scopes ?? []);
      check('grantable_scopes', givenBy(next), before === undefined ? [] : givenBy(before));
      if (record !== undefined) checkRestrictions(record, next, before);
    },
    checkHeld({ scopes, grantableScopes = [] }) {
      if ([...scopes, ...grantableScopes].filter(isOwnScope).every(mayGive)) return;
      throw new TokenError(
        'PERMISSION_DENIED',
        'the access token has scopes usher.* that the caller lacks; ask an administrator',
      );
    },
  };
}

/** Which scopes a caller with this access token may give; undefined for a person. */
function scopesOf(caller: Caller, own: Giving | undefined): (scope: string) => boolean {
  const isAdmin = caller.scopes.includes(adminScope);
  if (isAdmin && caller.owners === undefined) return () => true;
  const grantable = own && givenBy(own);
  return scope => {
    if (isOwnScope(scope)) return isAdmin || caller.scopes.includes(scope);
    return grantable?.includes(scope) ?? true;
  };
}

/** What an access token may give: without grantable scopes, its own. */
function givenBy({ grantableScopes, scopes }: Giving): readonly string[] {
  return grantableScopes ?? scopes;
}

/** Whether a scope gives rights in Usher itself. */
function isOwnScope(scope: string): boolean {
  return scope.startsWith('usher.');
}

/**
 * The holder of a restricted token must not get an unrestricted one with rights in Usher from it. An
 * access token that has such rights already keeps the restrictions that it had, or gets more.
 */
function checkRestrictions(own: Restricting, next: Granting, before: Granting | undefined): void {
  if (!next.scopes.some(isOwnScope)) return;
  const gains = next.scopes.some(scope => isOwnScope(scope) && !before?.scopes.includes(scope));
  const kept = gains ? undefined : before;
  checkWithin('allowed_sources', valuesOf('allowedSources'), (given, bounds) => {
    // An empty list would allow any source.
    return given.length > 0 && given.every(source => isWithinSources(source, bounds.flat()));
  });
  checkWithin('rate_limit', valuesOf('rateLimit'), (given, bounds) =>
    bounds.some(bound => isWithinRate(given, bound)),
  );
  checkWithin('quota', valuesOf('quota'), (given, bounds) =>
    bounds.some(bound => isWithinQuota(given, bound)),
  );

  function valuesOf<K extends keyof Restricting>(name: K): Values<Restricting[K]> {
    return { own: own[name], given: next[name], ...(kept && { kept: [kept[name]] }) };
  }
}

/** A restriction of the caller's token, of the access token, and what that may keep of before. */
interface Values<T> {
  own: T;
  given: T;
  kept?: [T];
}

function checkWithin<T>(
  field: string,
  { own, given, kept }: Values<T | undefined>,
  isWithin: (given: T, bounds: readonly T[]) => boolean,
): void {
  if (own === undefined) return;
  const [was] = kept ?? [own];
  // It had no such restriction before, which someone else may have meant.
  if (was === undefined) return;
  if (given !== undefined && isWithin(given, [own, was])) return;
  throw denied(field, "must allow no more than the caller's own token, as it has scopes usher.*");
}

function denied(field: string, text: string): TokenError {
  return new TokenError('PERMISSION_DENIED', `${field}: ${text}`);
}
