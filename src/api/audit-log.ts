/** Calls the API to read the audit log, with plain values instead of messages. */

import type { JsonObject } from '@bufbuild/protobuf';
import { timestampDate } from '@bufbuild/protobuf/wkt';
import type { AuditEvent } from '../gen/usher/v1/access_token_pb.ts';
import type { Admin } from './connect.ts';
import { call } from './connect.ts';

/** An entry as in a line of an export, see AuditEvent in access_token.proto. */
export interface AuditEntry {
  /** Its number in the log, from 1 without gaps. */
  sequence: number;
  id: string;
  /** RFC 3339 with milliseconds. */
  time: string;
  /** What happened, such as "token.create". */
  action: string;
  /** The caller: "admin" or the UUID of an access token; "" if not authenticated. */
  actor: string;
  /** The caller's IP address. */
  peer: string;
  /** UUID of the changed access token; "" for none. */
  tokenId: string;
  /** The changed fields before. */
  before?: JsonObject;
  /** The changed fields after. */
  after?: JsonObject;
  /** More words, such as the reason of a revocation. */
  detail: string;
  /** The caller's request id; "" for none. */
  requestId: string;
  /** UUID of the job that made the change; absent for none. */
  jobId?: string;
  /** SHA-256 over the previous entry's hash and this entry, in hexadecimal. */
  hash: string;
}

/** Which entries to read. */
export interface AuditQuery {
  /** Only entries of this access token. */
  tokenId?: string | undefined;
  /** The order; newest first if false. */
  oldestFirst: boolean;
  /** Most entries to read. */
  limit: number;
}

const pageSizeMax = 1000;

/** Reads entries, page by page. Throws AdminError. */
export async function* auditEntries(
  { tokens }: Admin,
  { tokenId = '', oldestFirst, limit }: AuditQuery,
): AsyncGenerator<AuditEntry> {
  let pageToken = '';
  let left = limit;
  do {
    const pageSize = Math.min(left, pageSizeMax);
    const page = await call(() =>
      tokens.listAuditEvents({ pageSize, pageToken, tokenId, oldestFirst }),
    );
    for (const event of page.events.slice(0, left)) yield auditEntry(event);
    left -= page.events.length;
    pageToken = page.nextPageToken;
  } while (pageToken !== '' && left > 0);
}

function auditEntry(event: AuditEvent): AuditEntry {
  if (event.time === undefined) throw new Error('an audit event has no time');
  return {
    sequence: Number(event.sequence),
    id: event.id,
    time: timestampDate(event.time).toISOString(),
    action: event.action,
    actor: event.actor,
    peer: event.peer,
    tokenId: event.tokenId,
    ...(event.before && { before: event.before }),
    ...(event.after && { after: event.after }),
    detail: event.detail,
    requestId: event.requestId,
    ...(event.jobId !== '' && { jobId: event.jobId }),
    hash: event.hash,
  };
}
