/** An entry of the audit log in plain values, as a line of an export has it. */

/** A value of JSON. */
type Json = string | number | boolean | null | Json[] | JsonObject;

/** An object of JSON. */
export interface JsonObject {
  [name: string]: Json;
}

/** An entry; see AuditEvent in access_token.proto. */
export interface AuditEntry {
  /** Its number in the log, from 1 without gaps. */
  sequence: number;
  id: string;
  /** RFC 3339 with milliseconds. */
  time: string;
  /** What happened, such as "token.create". */
  action: string;
  /** The caller, as in AuditEvent; "" if not authenticated. */
  actor: string;
  /** The caller's name at that time; absent where it is not known. */
  actorName?: string;
  /** The caller's IP address. */
  peer: string;
  /** UUID of the changed access token; "" for none. */
  tokenId: string;
  /** The access token's name at that time; absent where it is not known. */
  tokenName?: string;
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

/** The message of an entry, as generated code has it. */
interface EventMessage {
  readonly sequence: bigint;
  readonly id: string;
  readonly time?: { readonly seconds: bigint; readonly nanos: number } | undefined;
  readonly action: string;
  readonly actor: string;
  readonly actorName: string;
  readonly peer: string;
  readonly tokenId: string;
  readonly tokenName: string;
  readonly before?: JsonObject | undefined;
  readonly after?: JsonObject | undefined;
  readonly detail: string;
  readonly requestId: string;
  readonly jobId: string;
  readonly hash: string;
}

/** The entry of a message: its members, but `hash`, are those that are hashed. */
export function entryOf(event: EventMessage): AuditEntry {
  const { id, action, actor, actorName, peer, tokenId, tokenName, before, after } = event;
  const { time, detail, requestId, jobId, hash } = event;
  if (time === undefined) throw new Error('an audit event has no time');
  return {
    ...{ sequence: Number(event.sequence), id },
    time: new Date(Number(time.seconds) * 1000 + Math.round(time.nanos / 1e6)).toISOString(),
    ...{ action, actor, ...(actorName && { actorName }), peer },
    ...{ tokenId, ...(tokenName && { tokenName }) },
    ...(before && { before }),
    ...(after && { after }),
    ...{ detail, requestId, ...(jobId && { jobId }), hash },
  };
}
