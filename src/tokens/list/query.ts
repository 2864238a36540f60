/** What a list of access tokens is asked, and what it answers. */

import type { AccessTokenRecord, Kind } from '../../store/record.ts';
import type { Usage } from '../../store/store.ts';
import type { Caller } from '../caller.ts';
import type { State } from '../state.ts';

/**
 * By creation, newest or oldest first; by expiry, soonest first; by name or owner, from A to Z; by last use,
 * most recent first.
 */
type ListSort = 'newest' | 'oldest' | 'expiry' | 'name' | 'owner' | 'last used';

/** Filter, order and page of a list. */
export interface ListQuery {
  /** 1 to 200; 0 means 50. */
  pageSize: number;
  /**
   * nextPageToken of the previous page, with the same filter and order; "" or absent for the first.
   */
  pageToken?: string | undefined;
  kind?: Kind | undefined;
  /** Exactly this owner; "" or absent for all. */
  owner?: string | undefined;
  state?: State | undefined;
  /** Text in the id, name, owner or a scope, ignoring case; "" or absent for all. */
  text?: string | undefined;
  /** Only active access tokens that expire within this time from now, by expiry; absent for all. */
  expiresWithinMs?: number | undefined;
  /** Exactly this scope; "" or absent for all. */
  scope?: string | undefined;
  /** Only those whose last use, or creation if that is later, is at least this long ago; absent for all. */
  unusedMs?: number | undefined;
  /** Only those that this actor created (AuditEvent.actor); "" or absent for all. */
  madeBy?: string | undefined;
  /** 'expiry' leaves out access tokens that never expire. */
  sort: ListSort;
  /** The opposite order; not with 'newest' and 'oldest'. */
  reverse?: boolean | undefined;
}

/** A page of a list. It can be short, even empty, when more follow. */
export interface ListPage {
  records: AccessTokenRecord[];
  /** One per record, in the same order. */
  usage: Usage[];
  /** "" at the end. */
  nextPageToken: string;
  /** How many access tokens the caller may see in total, without any filter. */
  total: number;
  /** How many of the access tokens were searched so far, on all pages up to this one. */
  searched: number;
  /** How many match, as far as is known; see `isCounted`. */
  matching: number;
  /** Whether all were searched, so that `matching` is how many there are. */
  isCounted: boolean;
}

/** Limits of a list. */
export const listLimits = {
  pageSizeDefault: 50,
  pageSizeMax: 200,
  /** How long a call searches the store, or waits for the directory, before it answers, in milliseconds. */
  searchMs: 250,
  /** Records read from the store in one go: verdicts wait for a millisecond or two. */
  readAtOnce: 64,
} as const;

/** The owners whose access tokens to list; undefined for all. */
export function ownersOf({ owners }: Caller, { owner }: ListQuery): readonly string[] | undefined {
  if (!owner) return owners;
  return owners === undefined || owners.includes(owner) ? [owner] : [];
}

/** What selects and orders a list, as its page tokens are bound to it. */
export function selectionOf(query: ListQuery): (string | number)[] {
  const { kind, owner, state, text, expiresWithinMs, sort, scope, unusedMs, madeBy, reverse } =
    query;
  const selected = [kind ?? '', owner ?? '', state ?? '', text ?? '', expiresWithinMs ?? '', sort];
  return [...selected, scope ?? '', unusedMs ?? '', madeBy ?? '', reverse ? 'reverse' : ''];
}
