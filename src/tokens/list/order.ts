/** The orders of a list, and the places in them at which pages end. */

import { expiryMember, readExpiryMember } from '../../store/cursor.ts';
import type { Order } from '../../store/store.ts';
import type { Listed } from './listed.ts';
import type { ListQuery } from './query.ts';

/** Where an access token stands in an order. */
export interface Place {
  /** What it is ordered by. */
  key: string | number;
  /** Orders access tokens with the same key. */
  id: string;
}

/** An order. */
export interface ListOrder {
  placeOf(listed: Listed): Place;
  /** Below 0 if `a` is listed before `b`. */
  compare(a: Place, b: Place): number;
}

/** Above all times, in milliseconds since 1970. */
const beyond = 4e15;
/** Behind all names. */
const last = '\uffff';

/** The order of a query whose first page was read at a time in milliseconds since 1970. */
export function orderOf({ sort, reverse = false }: ListQuery, startedAt: number): ListOrder {
  switch (sort) {
    case 'newest':
      return by(() => '', true);
    case 'oldest':
      return by(() => '');
    case 'expiry':
      return by(({ expiresAt = 0 }) => expiresAt, reverse);
    case 'name':
      return by(({ name }) => name, reverse);
    case 'owner':
      return by(({ owner }) => owner?.folded ?? last, reverse);
    case 'last used':
      if (reverse) return by(({ lastUsedAt }) => lastUsedAt);
      // What is seen to be used since the first page began would move ahead of it, and be left out. It is
      // listed at the end.
      return by(({ lastUsedAt, useSeenAt }) => (useSeenAt >= startedAt ? beyond : 0) - lastUsedAt);
  }
}

function by(keyOf: (listed: Listed) => string | number, isReverse = false): ListOrder {
  const sign = isReverse ? -1 : 1;
  return {
    placeOf: listed => ({ key: keyOf(listed), id: listed.id }),
    compare: (a, b) => sign * (compare(a.key, b.key) || compare(a.id, b.id)),
  };
}

function compare(a: string | number, b: string | number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The order in which the store can list by itself; undefined when it can't. */
export function storeOrderOf({ sort, reverse, expiresWithinMs }: ListQuery): Order | undefined {
  if (sort === 'newest' || sort === 'oldest') {
    return expiresWithinMs === undefined ? sort : undefined;
  }
  return sort === 'expiry' && !reverse ? sort : undefined;
}

/** The store's cursor behind a place. */
export function cursorAt(order: Order, { key, id }: Place): string {
  return order === 'expiry' ? expiryMember(Number(key), id) : id;
}

/** The place of a cursor. */
export function placeAt(order: Order, cursor: string): Place {
  if (order !== 'expiry') return { key: '', id: cursor };
  const { expiresAt, id } = readExpiryMember(cursor);
  return { key: expiresAt, id };
}
