/** What a replica remembers of the audit log: its end, with the changes of the last day. */

import type { ChainedEvent } from '../audit.ts';
import { type ChangedDocument, changedDocument } from '../documents.ts';
import type { JsonObject, RevokedJwts } from '../record.ts';
import type { LogPoint } from '../status.ts';

/** What an entry revoked: the access token, or JWTs of it. */
export interface Revocation {
  /** When the access token was revoked, in milliseconds since 1970. */
  revokedAt?: number;
  revokeReason?: string;
  /** JWTs that were revoked in addition. */
  jwts?: RevokedJwts;
}

/** A remembered entry. */
export interface TailEntry extends LogPoint {
  /** Milliseconds since 1970. */
  time: number;
  action: string;
  /** UUID of the access token, or "". */
  tokenId: string;
  eventId: string;
  /** The record's revision after the change; absent for an entry that changed no record. */
  revision?: number;
  revocation?: Revocation;
  /** The document that it changed. */
  document?: ChangedDocument;
}

/** Limits of a tail. */
export interface TailLimits {
  /** Most bytes that the entries may take, estimated. */
  bytesMax: number;
  /** How long an entry is remembered, in milliseconds. */
  ageMsMax: number;
  /**
   * How many of the last entries are remembered whatever their age: after a quiet day too, it must be
   * known where a log was cut that lost its end.
   */
  entriesMin: number;
}

/** The limits of a tail among those of a store. */
export function tailLimits({
  tailBytesMax,
  tailMsMax,
  tailEntriesMin,
}: {
  tailBytesMax: number;
  tailMsMax: number;
  tailEntriesMin: number;
}): TailLimits {
  return { bytesMax: tailBytesMax, ageMsMax: tailMsMax, entriesMin: tailEntriesMin };
}

/** The end of the log as a replica knows it. The entries have consecutive sequence numbers. */
export interface Tail {
  /** The last known entry; undefined before `start`. */
  head(): LogPoint | undefined;
  /** Forgets everything, and begins at a position of the log. */
  start(at: LogPoint): void;
  /** Adds the entries that follow the head. */
  append(events: readonly ChainedEvent[]): void;
  /** Adds older entries, oldest first, that end just before the oldest one known. */
  prepend(events: readonly ChainedEvent[]): void;
  /** The entries, oldest first. */
  entries(): readonly TailEntry[];
  /** The entry of a sequence number, where it is remembered. */
  at(sequence: number): TailEntry | undefined;
  /** Goes back to a position, which is the new head. */
  cutAfter(at: LogPoint): void;
}

/** Creates an empty tail. `now` is in milliseconds since 1970. */
export function createTail(limits: TailLimits, now: () => number): Tail {
  let head: LogPoint | undefined;
  let entries: TailEntry[] = [];
  let bytes = 0;

  const trim = () => {
    const oldest = now() - limits.ageMsMax;
    let dropped = 0;
    for (const entry of entries) {
      const isOld = entry.time < oldest && entries.length - dropped > limits.entriesMin;
      const isOver = bytes > limits.bytesMax || isOld;
      if (!isOver || dropped === entries.length - 1) break;
      bytes -= bytesOf(entry);
      dropped++;
    }
    if (dropped > 0) entries = entries.slice(dropped);
  };
  const weigh = (added: TailEntry[]) => {
    for (const entry of added) bytes += bytesOf(entry);
  };

  return {
    head: () => head,
    start(at) {
      head = at;
      entries = [];
      bytes = 0;
    },
    append(events) {
      const added = events.map(entryOf);
      const last = added.at(-1);
      if (last === undefined) return;
      head = { sequence: last.sequence, hash: last.hash };
      weigh(added);
      entries.push(...added);
      trim();
    },
    prepend(events) {
      const added = events.map(entryOf);
      weigh(added);
      entries = [...added, ...entries];
      trim();
    },
    entries: () => entries,
    at: sequence => entries[sequence - (entries[0]?.sequence ?? 0)],
    cutAfter(at) {
      const kept = entries.filter(({ sequence }) => sequence <= at.sequence);
      for (const entry of entries.slice(kept.length)) bytes -= bytesOf(entry);
      entries = kept;
      head = at;
    },
  };
}

/** An entry, with what is needed to put a revocation back. */
export function entryOf(event: ChainedEvent): TailEntry {
  const { sequence, hash, time, action, tokenId, after } = event;
  const revision = after?.revision;
  const revocation = revocationOf(after);
  const document = changedDocument(event);
  return {
    ...{ sequence, hash, time, action, tokenId, eventId: event.id },
    ...(typeof revision === 'number' && tokenId !== '' ? { revision } : {}),
    ...(revocation === undefined ? {} : { revocation }),
    ...(document === undefined ? {} : { document }),
  };
}

function revocationOf(after: JsonObject | undefined): Revocation | undefined {
  if (after === undefined) return undefined;
  if (typeof after.revokedAt === 'number') {
    const reason = after.revokeReason;
    return {
      revokedAt: after.revokedAt,
      ...(typeof reason === 'string' ? { revokeReason: reason } : {}),
    };
  }
  const jwts = after.jwtsRevoked;
  return typeof jwts === 'object' && jwts !== null ? { jwts: jwts as RevokedJwts } : undefined;
}

/** What an entry takes in memory beside its revocation, in bytes, about. */
export const entryBytes = 400;

function bytesOf({ revocation }: TailEntry): number {
  return entryBytes + (revocation === undefined ? 0 : 2 * JSON.stringify(revocation).length);
}
