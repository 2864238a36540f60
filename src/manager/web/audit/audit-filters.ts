/** The filters of the audit log, stored in the URL so that links and the "back" button include them. */

import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { useMemo } from 'react';
import { useSearchParams } from 'wouter';
import {
  AuditOutcome,
  type ListAuditEventsRequestSchema,
} from '../../../gen/usher/v1/access_token_pb.ts';
import { actionGroups, actionOf, auditActions } from '../../../wording/actions.ts';
import { actorById } from '../../../wording/audit-sentence.ts';

/** Which events to show; "" stands for no filter. */
export interface AuditFilters {
  /** An actor's id, or text in its name. */
  by: string;
  /** The UUID of an access token, or text in its name. */
  token: string;
  /** The exact owner. */
  owner: string;
  /** An action, or a group of them. */
  action: string;
  /** What became of it. */
  outcome: '' | 'done' | 'refused';
  /** A stretch up to now ("1h", "24h", "7d", "30d"), or a local time as in "2026-02-22T03:54". */
  since: string;
  /** A local time. */
  until: string;
}

/** A request for events, without its page. */
export type AuditRequest = MessageInitShape<typeof ListAuditEventsRequestSchema>;

/** No filters. */
export const noFilters: AuditFilters = {
  ...{ by: '', token: '', owner: '', action: '', outcome: '', since: '', until: '' },
};

const names = Object.keys(noFilters) as (keyof AuditFilters)[];

/** The stretches of time up to now, with their words. */
export const stretches: Readonly<Record<string, { words: string; hours: number }>> = {
  '1h': { words: 'Last hour', hours: 1 },
  '24h': { words: 'Last 24 hours', hours: 24 },
  '7d': { words: 'Last 7 days', hours: 7 * 24 },
  '30d': { words: 'Last 30 days', hours: 30 * 24 },
};

/** The words for groups of actions. */
export const groupWords: Readonly<Record<string, string>> = {
  token: 'access tokens',
  jwt: 'JWTs',
  session: 'sign-ins',
  person: 'people',
  call: 'calls',
  audit: 'the audit log',
  store: 'the store',
  keys: 'master keys',
};

/** The filters and the shown entry in the URL (0 for none), and functions that change them. */
export function useAuditFilters() {
  const [search, setSearch] = useSearchParams();
  const read = (name: string) => search.get(name) ?? '';
  const filters: AuditFilters = {
    ...{ by: read('by'), token: read('token'), owner: read('owner') },
    action: isAction(read('action')) ? read('action') : '',
    outcome: read('outcome') === 'done' || read('outcome') === 'refused' ? outcomeIn(search) : '',
    since: read('since') in stretches || isTime(read('since')) ? read('since') : '',
    until: isTime(read('until')) ? read('until') : '',
  };
  const entry = /^[1-9][0-9]{0,14}$/.test(read('event')) ? Number(read('event')) : 0;
  return {
    filters,
    entry,
    /** Changes some filters, and shows the newest events again. */
    set(change: Partial<AuditFilters>) {
      const next = { ...filters, ...change };
      const given = names.filter(name => next[name] !== '').map(name => [name, next[name]]);
      setSearch(new URLSearchParams(given as [string, string][]), { replace: true });
    },
    clear: () => setSearch(new URLSearchParams(), { replace: true }),
  };
}

function outcomeIn(search: URLSearchParams): 'done' | 'refused' {
  return search.get('outcome') === 'done' ? 'done' : 'refused';
}

function isAction(text: string): boolean {
  return Object.hasOwn(auditActions, text) || actionGroups.includes(text);
}

function isTime(text: string): boolean {
  return !Number.isNaN(new Date(text).getTime()) && /^\d{4}-/.test(text);
}

/** Whether a text is a complete UUID. */
export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

/** The filters as a request. "Last 7 days" is counted from when it was chosen. */
export function useAuditRequest(filters: AuditFilters): AuditRequest {
  const key = JSON.stringify(filters);
  return useMemo(() => requestOf(JSON.parse(key), Date.now()), [key]);
}

function requestOf(filters: AuditFilters, nowMs: number): AuditRequest {
  const { by, token, owner, action, outcome, since, until } = filters;
  const stretch = stretches[since];
  const from = stretch ? new Date(nowMs - stretch.hours * 3_600_000) : since && new Date(since);
  return {
    ...{ actor: by, owner, actions: action === '' ? [] : [action] },
    ...(isUuid(token) ? { tokenId: token.toLowerCase() } : { tokenName: token }),
    ...(outcome && { outcome: outcome === 'done' ? AuditOutcome.DONE : AuditOutcome.REFUSED }),
    ...(from && { since: timestampFromDate(from) }),
    ...(until && { until: timestampFromDate(new Date(until)) }),
  };
}

/** An active filter, for people. */
export interface FilterChip {
  name: keyof AuditFilters;
  words: string;
}

/** The active filters. `known` has the names of actors and access tokens by id. */
export function chipsOf(
  filters: AuditFilters,
  known: Readonly<Record<string, string>>,
): FilterChip[] {
  const { by, token, owner, action, outcome, since, until } = filters;
  const named = (id: string, otherwise: string) => known[id] || otherwise;
  const group = groupWords[action];
  const chips: [keyof AuditFilters, string][] = [
    ['by', by && `By ${named(by, actorById(by))}`],
    ['token', token && `Access token ${named(token, isUuid(token) ? token.slice(0, 8) : token)}`],
    ['owner', owner && `Owner ${owner}`],
    ['action', action && (group ? `All of ${group}` : actionOf(action).title)],
    ['outcome', outcome && (outcome === 'done' ? 'Done' : 'Refused')],
    ['since', since && (stretches[since]?.words ?? `From ${sayLocal(since)}`)],
    ['until', until && `Before ${sayLocal(until)}`],
  ];
  return chips.filter(([, words]) => words !== '').map(([name, words]) => ({ name, words }));
}

const shortTime = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });

function sayLocal(time: string): string {
  return shortTime.format(new Date(time));
}
