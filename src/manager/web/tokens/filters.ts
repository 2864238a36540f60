/** The filters of the list, stored in the URL so that links and the "back" button include them. */

import { useSearchParams } from 'wouter';
import { Kind, Sort, State } from '../../../gen/usher/v1/access_token_pb.ts';
import { looksLikeCredential } from '../whose/credential-text.ts';

/** Which access tokens to list, and in which order; "" stands for no filter. */
export interface Filters {
  /** Searched for in name, owner, scopes and id. */
  text: string;
  /** The kind of access token. */
  kind: '' | 'static' | 'jwt';
  /** The state; "expiring" means within `expiringSoonDays`. */
  state: '' | 'active' | 'expired' | 'revoked' | 'expiring';
  /** The exact owner. */
  owner: string;
  /** One exact scope. */
  scope: string;
  /** The actor that created it. */
  maker: string;
  /** Not used for this many days. */
  unused: '' | '30' | '90' | '180' | '365';
  sort: SortName;
}

/** The orders of the list. A "-" stands for the opposite one. */
export type SortName = keyof typeof sorts;

/** An access token that expires within this many days is "expiring soon". */
export const expiringSoonDays = 14;

const kinds = { '': Kind.UNSPECIFIED, static: Kind.STATIC, jwt: Kind.JWT };
const sorts = {
  newest: [Sort.NEWEST, false],
  oldest: [Sort.OLDEST, false],
  name: [Sort.NAME, false],
  '-name': [Sort.NAME, true],
  owner: [Sort.OWNER, false],
  '-owner': [Sort.OWNER, true],
  used: [Sort.LAST_USED, false],
  '-used': [Sort.LAST_USED, true],
  expiry: [Sort.EXPIRY, false],
  '-expiry': [Sort.EXPIRY, true],
} as const;
const states = {
  '': State.UNSPECIFIED,
  active: State.ACTIVE,
  expired: State.EXPIRED,
  revoked: State.REVOKED,
  expiring: State.UNSPECIFIED,
};
const unusedDays = { '': 0, '30': 30, '90': 90, '180': 180, '365': 365 };

/** The filters in the URL, a function that changes some of them, and one that clears all. */
export function useFilters(): [Filters, (change: Partial<Filters>) => void, () => void] {
  const [search, setSearch] = useSearchParams();
  const filters: Filters = {
    text: search.get('q') ?? '',
    kind: oneOf(search.get('kind'), kinds, ''),
    state: oneOf(search.get('state'), states, ''),
    owner: search.get('owner') ?? '',
    scope: search.get('scope') ?? '',
    maker: search.get('maker') ?? '',
    unused: oneOf(search.get('unused'), unusedDays, ''),
    sort: oneOf(search.get('sort'), sorts, 'newest'),
  };
  const set = (change: Partial<Filters>) => {
    const { text, ...rest } = { ...filters, ...change };
    const entries = Object.entries({
      q: text,
      ...rest,
      sort: rest.sort === 'newest' ? '' : rest.sort,
    });
    setSearch(new URLSearchParams(entries.filter(([, value]) => value !== '')), { replace: true });
  };
  return [filters, set, () => setSearch(new URLSearchParams(), { replace: true })];
}

/** Whether any filter is set. */
export function isFiltered({ sort: _sort, ...filters }: Filters): boolean {
  return Object.values(filters).some(value => value !== '');
}

/** Whether a text looks like a token or a secret, which no search and no URL may hold. */
export function looksSecret(text: string): boolean {
  return looksLikeCredential(text);
}

/** The filters as fields of a List request. */
export function toRequest(filters: Filters) {
  const isExpiring = filters.state === 'expiring';
  const [sort, reverse] = sorts[filters.sort];
  return {
    text: filters.text,
    kind: kinds[filters.kind],
    state: states[filters.state],
    owner: filters.owner,
    scope: filters.scope,
    createdBy: filters.maker,
    sort,
    reverse,
    ...(isExpiring && { expiresWithin: days(expiringSoonDays) }),
    ...(filters.unused && { unusedFor: days(unusedDays[filters.unused]) }),
  };
}

function days(count: number) {
  return { seconds: BigInt(count * 86_400) };
}

function oneOf<K extends string>(value: string | null, table: Record<K, unknown>, otherwise: K): K {
  return value !== null && Object.hasOwn(table, value) ? (value as K) : otherwise;
}
