/** Calls the API to read the audit log, with plain values instead of messages. */

import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { ListAuditEventsRequestSchema } from '../gen/usher/v1/access_token_pb.ts';
import { AuditOutcome } from '../gen/usher/v1/access_token_pb.ts';
import { type AuditEntry, entryOf } from '../wording/audit-entry.ts';
import type { Admin } from './connect.ts';
import { call } from './connect.ts';

export type { AuditEntry } from '../wording/audit-entry.ts';

/** Which entries to read; all filters must pass. */
export interface AuditFilter {
  /** Only entries of this access token. */
  tokenId?: string | undefined;
  /** Only entries of access tokens with this text in their name. */
  tokenName?: string | undefined;
  /** The id of an actor, or text in its name. */
  actor?: string | undefined;
  /** Only entries of access tokens that this owner has now, had, or got. */
  owner?: string | undefined;
  /** Actions, and groups of them. */
  actions?: string[] | undefined;
  /** Only what was done, or what was refused. */
  outcome?: 'done' | 'refused' | undefined;
  /** Only entries at or after this time. */
  since?: Date | undefined;
  /** Only entries before this time. */
  until?: Date | undefined;
  /** Start at this entry, in the given order; the first one if absent. */
  fromSequence?: bigint | undefined;
}

/** Which entries to read, and how many. */
export interface AuditQuery extends AuditFilter {
  /** The order; newest first if false. */
  oldestFirst: boolean;
  /** Most entries to read. */
  limit: number;
}

/** Entries that were read together. There can be none, while more follow. */
export interface AuditPage {
  entries: AuditEntry[];
  /** The present names of actors and access tokens, by id. */
  names: Record<string, string>;
  /** How many entries of the log were examined so far. */
  examined: number;
  /** How many are left to examine, at most; 0 where that is not known. */
  left: number;
}

const pageSizeMax = 1000;
const outcomes = { done: AuditOutcome.DONE, refused: AuditOutcome.REFUSED };

/** Reads the log page by page. Throws AdminError. */
export async function* auditPages(
  { tokens }: Admin,
  { oldestFirst, limit, ...filter }: AuditQuery,
): AsyncGenerator<AuditPage> {
  const query = { oldestFirst, ...requestOf(filter) };
  let pageToken = '';
  let wanted = limit;
  let examined = 0;
  do {
    const pageSize = Math.min(wanted, pageSizeMax);
    const page = await call(() => tokens.listAuditEvents({ ...query, pageSize, pageToken }));
    const entries = page.events.slice(0, wanted).map(entryOf);
    examined += page.examined;
    yield { entries, names: page.names, examined, left: Number(page.left) };
    wanted -= page.events.length;
    pageToken = page.nextPageToken;
  } while (pageToken !== '' && wanted > 0);
}

/** Reads entries, page by page. Throws AdminError. */
export async function* auditEntries(admin: Admin, query: AuditQuery): AsyncGenerator<AuditEntry> {
  for await (const { entries } of auditPages(admin, query)) yield* entries;
}

function requestOf(filter: AuditFilter): MessageInitShape<typeof ListAuditEventsRequestSchema> {
  const { outcome, since, until, ...texts } = filter;
  const given = Object.entries(texts).filter(([, value]) => value !== undefined);
  return {
    ...Object.fromEntries(given),
    ...(outcome && { outcome: outcomes[outcome] }),
    ...(since && { since: timestampFromDate(since) }),
    ...(until && { until: timestampFromDate(until) }),
  };
}
