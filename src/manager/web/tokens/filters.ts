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
  /** By time of creation or of expiry. */
  sort: 'newest' | 'oldest' | 'expiry';
}

/** An access token that expires within this many days is "expiring soon". */
export const expiringSoonDays = 14;

const kinds = { '': Kind.UNSPECIFIED, static: Kind.STATIC, jwt: Kind.JWT };
const sorts = { newest: Sort.NEWEST, oldest: Sort.OLDEST, expiry: Sort.EXPIRY };
const states = {
  '': State.UNSPECIFIED,
  active: State.ACTIVE,
  expired: State.EXPIRED,
  revoked: State.REVOKED,
  expiring: State.UNSPECIFIED,
};

/** The filters in the URL, a function that changes some of them, and one that clears all. */
export function useFilters(): [Filters, (change: Partial<Filters>) => void, () => void] {
  const [search, setSearch] = useSearchParams();
  const filters: Filters = {
    text: search.get('q') ?? '',
    kind: oneOf(search.get('kind'), kinds, ''),
    state: oneOf(search.get('state'), states, ''),
    owner: search.get('owner') ?? '',
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
export function isFiltered(filters: Filters): boolean {
  return Boolean(filters.text || filters.kind || filters.state || filters.owner);
}

/** Whether a text looks like a token or a secret, which no search and no URL may hold. */
export function looksSecret(text: string): boolean {
  return looksLikeCredential(text);
}

/** The filters as fields of a List request. */
export function toRequest(filters: Filters) {
  const isExpiring = filters.state === 'expiring';
  return {
    text: filters.text,
    kind: kinds[filters.kind],
    state: states[filters.state],
    owner: filters.owner,
    sort: isExpiring && filters.sort === 'newest' ? Sort.EXPIRY : sorts[filters.sort],
    ...(isExpiring && { expiresWithin: { seconds: BigInt(expiringSoonDays * 86_400) } }),
  };
}

function oneOf<K extends string>(value: string | null, table: Record<K, unknown>, otherwise: K): K {
  return value !== null && value in table ? (value as K) : otherwise;
}
