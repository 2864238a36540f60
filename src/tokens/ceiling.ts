/**
 * The restrictions of an access token that an operator set, a caller without owners: callers that are limited
 * to owners may only tighten them.
 */

import type { AccessTokenRecord, Restrictions } from '../store/record.ts';
import { isWithinSources } from './allowed-sources.ts';
import type { Caller } from './caller.ts';
import { TokenError } from './errors.ts';
import type { Fields } from './fields.ts';
import { isWithinQuota, isWithinRate } from './use-limits.ts';

const names = ['allowedSources', 'rateLimit', 'quota'] as const;

/** What a record holds of it. */
type Ceiling = Pick<AccessTokenRecord, 'ceiling'>;

/** The ceiling of an access token that a caller creates with these fields, as a record has them. */
export function firstCeiling({ owners }: Pick<Caller, 'owners'>, fields: Restrictions): Ceiling {
  return owners === undefined ? ceilingWith(fields) : {};
}

/**
 * The ceiling after a caller changed the fields that `mask` names into `next`, as a record has them. Throws
 * PERMISSION_DENIED where that loosens what an operator set.
 */
export function nextCeiling(
  { owners }: Pick<Caller, 'owners'>,
  { ceiling = {} }: Ceiling,
  next: Restrictions,
  mask: readonly (keyof Fields)[],
): Ceiling {
  const changed = names.filter(name => mask.includes(name));
  if (owners === undefined) {
    const set = Object.fromEntries(changed.map(name => [name, next[name]]));
    return ceilingWith({ ...ceiling, ...set });
  }
  for (const name of changed) {
    if (isWithin(name, next, ceiling)) continue;
    throw new TokenError(
      'PERMISSION_DENIED',
      `${fieldNames[name]}: an administrator of all owners set it; callers limited to owners may only make it stricter`,
    );
  }
  return ceilingWith(ceiling);
}

const fieldNames = {
  allowedSources: 'allowed_sources',
  rateLimit: 'rate_limit',
  quota: 'quota',
} as const;

function isWithin(name: (typeof names)[number], next: Restrictions, most: Restrictions): boolean {
  if (most[name] === undefined) return true;
  const { allowedSources, rateLimit, quota } = next;
  if (name === 'rateLimit') return isBoth(rateLimit, most.rateLimit, isWithinRate);
  if (name === 'quota') return isBoth(quota, most.quota, isWithinQuota);
  return isBoth(allowedSources, most.allowedSources, (given, bounds) =>
    given.every(source => isWithinSources(source, bounds)),
  );
}

function isBoth<T>(one: T | undefined, other: T | undefined, test: (a: T, b: T) => boolean) {
  return one !== undefined && other !== undefined && test(one, other);
}

/** Without members that are not set, and absent without any. */
function ceilingWith(all: Restrictions): Ceiling {
  const set = names.flatMap(name => (all[name] === undefined ? [] : [[name, all[name]]]));
  return set.length === 0 ? {} : { ceiling: Object.fromEntries(set) };
}
