/** The audit log's entries and the hash chain that makes a changed, removed or moved one show. */

import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { JsonObject } from './record.ts';

/** What happened, before it has a place in the log. Holds no token, secret or claim. */
export interface AuditEvent {
  /** UUID, by which a repeated write is recognised. */
  id: string;
  /** Milliseconds since 1970. */
  time: number;
  /** As in AuditEvent.action of the contract: "token.create", "call.refused", … */
  action: string;
  /** UUID of the caller's access token, "admin", or "" for someone unknown. */
  actor: string;
  /** The peer's address as the server saw it. */
  peer: string;
  /** The access token that it was done to, or "". */
  tokenId: string;
  /** The changed fields before and after. */
  before?: JsonObject;
  after?: JsonObject;
  /** Further words: a reason, or the rpc and refusal. */
  detail: string;
  /** The caller's request id, or "". */
  requestId: string;
}

/** An entry of the audit log. */
export interface ChainedEvent extends AuditEvent {
  /** Place in the log, from 1, without gaps. */
  sequence: number;
  /** SHA-256, in hexadecimal, over the hash before it and the entry without its hash (RFC 8785). */
  hash: string;
}

/** The end of the log: the next entry follows this one. */
export interface ChainHead {
  /** 0 for an empty log. */
  sequence: number;
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

/** The hash of an entry, given the hash of the one before it. */
export function linkHash(previous: string, entry: AuditEvent & { sequence: number }): string {
  return hash('sha256', previous + canonicalize(entry));
}
