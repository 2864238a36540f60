/**
 * The entries of the audit log, and the hash chain that exposes a changed, removed or moved entry.
 */

import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { JsonObject } from './record.ts';

/** An event before it has a position in the log. Holds no token, secret or claim. */
export interface AuditEvent {
  /** UUID, by which a store recognises a repeated write. */
  id: string;
  /** Milliseconds since 1970. */
  time: number;
  /** As AuditEvent.action in the proto: "token.create", "call.refused", … */
  action: string;
  /** UUID of the caller's access token, "admin", "usher", "command line", or "" for an unknown caller. */
  actor: string;
  /** The actor's name when it happened; absent where `actor` says it all, or no name is known. */
  actorName?: string;
  /** The caller's network address as the server saw it; the host of a command line. */
  peer: string;
  /** UUID of the access token concerned, or "". */
  tokenId: string;
  /** The access token's name when it happened; absent for none. */
  tokenName?: string;
  /** The record's changed fields before the change; absent when there are none. */
  before?: JsonObject;
  /** The record's changed fields after the change; absent when there are none. */
  after?: JsonObject;
  /** A revocation's reason, or a refused call's rpc and error. */
  detail: string;
  /** The caller's request id, or "". */
  requestId: string;
  /** UUID of the job that made the change; absent for none. */
  jobId?: string;
}

/** An entry of the audit log. */
export interface ChainedEvent extends AuditEvent {
  /** Position in the log; starts at 1, without gaps. */
  sequence: number;
  /** SHA-256, in hexadecimal: see linkHash. */
  hash: string;
}

/** The last entry of the log, which the next entry is chained to. */
export interface ChainHead {
  /** 0 for an empty log. */
  sequence: number;
  /** 64 zeros for an empty log. */
  hash: string;
  /** Time of the last entry, in milliseconds since 1970; 0 for an empty log. */
  time: number;
}

/** The head of an empty log. */
export const emptyChain: ChainHead = { sequence: 0, hash: '0'.repeat(64), time: 0 };

/** Puts an event behind the head. Times never run backwards along the log, whose clock wrote them. */
export function chain(head: ChainHead, event: AuditEvent): ChainedEvent {
  const place = { sequence: head.sequence + 1, time: Math.max(event.time, head.time) };
  return { ...event, ...place, hash: linkHash(head.hash, { ...event, ...place }) };
}

/** The head of a log whose last entry this is. */
export function headOf({ sequence, hash, time }: ChainedEvent): ChainHead {
  return { sequence, hash, time };
}

/**
 * SHA-256 of the previous entry's hash and the entry as canonical JSON (RFC 8785), in hexadecimal.
 */
export function linkHash(previous: string, entry: AuditEvent & { sequence: number }): string {
  return hash('sha256', previous + canonicalize(entry));
}
