/** The list's filter, kept in the address so that it can be shared and survives "back". */

import { useSearchParams } from 'wouter';
import { Kind, Sort, State } from '../../../gen/usher/v1/access_token_pb.ts';

/** What to show, and in which order. */
export interface Filters {
  text: string;
  kind: '' | 'static' | 'jwt';
  state: '' | 'active' | 'expired' | 'revoked' | 'expiring';
  owner: string;
  sort: 'newest' | 'oldest' | 'expiry';
}

/** "Expiring soon" means within this time. */
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

/** The filter in the address, and how to change it. */
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

/** Whether anything is filtered out. */
export function isFiltered(filters: Filters): boolean {
  return Boolean(filters.text || filters.kind || filters.state || filters.owner);
}

/** Whether a text looks like a credential, which belongs into no search and no address. */
export function looksSecret(text: string): boolean {
  return /ush_[0-9A-Za-z]{22}_/.test(text) || /eyJ[\w-]{8,}/.test(text) || text.trim().length > 128;
}

/** The filter as the API takes it. */
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
