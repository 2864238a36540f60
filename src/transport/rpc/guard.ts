/** What the listeners of a process share to limit callers: who is exempt, what is held, who reports. */

import type { Server, Socket } from 'node:net';
import { plainAddress, sourceOf } from '../../tokens/source.ts';
import { createRequestBytes, type RequestBytes } from './request-bytes.ts';
import { createUnread, type Unread, type UnreadLimits, type UnreadReason } from './unread.ts';

/** Why a connection was refused: the listener has as many as it may, or its source has. */
export type RefusedReason = 'full' | 'source';

/** Why a TLS handshake failed. */
export type HandshakeFault =
  /** It speaks no TLS. */
  | 'plain-text'
  /** It began, and took too long. */
  | 'timeout'
  /** It sent more than a handshake may have. */
  | 'too-long'
  /** It offered no protocol that the listener speaks. */
  | 'alpn'
  /** It offered no version or cipher suite that is safe. */
  | 'version'
  /** It does not trust the certificate of the listener. */
  | 'untrusted'
  /** It has no certificate where one is required. */
  | 'no-client-certificate'
  /** It has a certificate that is not valid. */
  | 'client-certificate'
  /** It left. */
  | 'closed'
  | 'malformed';

/** The guard of one listener. */
export interface Guard {
  /** Shared by all listeners. */
  unread: Unread;
  /** The same. */
  requests: RequestBytes;
  /** Whether an address may have any number of connections: a trusted proxy. */
  isExempt(address: string): boolean;
  /** Called for each refused connection, with the source where it is known. */
  refused(reason: RefusedReason, source: string): void;
  /** Called for each connection that was closed for answers it did not read, and each such call. */
  unreadClosed(reason: UnreadReason): void;
  /** Called for each call that was refused because requests hold too many bytes. */
  requestRefused(): void;
  /** Called when a peer breaks a rule of its protocol, with the kind of rule. */
  faulted(kind: string): void;
  /** Called for each TLS handshake that failed, with its source and what the library says. */
  handshakeFailed(fault: HandshakeFault, source: string, detail: string): void;
  /** Called when a peer speaks TLS where the listener speaks plain text. */
  spokeTls(source: string): void;
}

/** The limits of what a process holds for its callers. */
export interface HeldLimits {
  /** Bounds of answers that are not read. */
  unread: UnreadLimits;
  /** Most bytes of requests that are not answered yet. */
  requestBytesMax: number;
}

/** A guard of its own for a listener that shares none; it reports nothing. */
export function ownGuard({ unread, requestBytesMax }: HeldLimits): Guard {
  return {
    unread: createUnread(unread),
    requests: createRequestBytes(requestBytesMax),
    isExempt: () => false,
    refused: () => undefined,
    unreadClosed: () => undefined,
    requestRefused: () => undefined,
    faulted: () => undefined,
    handshakeFailed: () => undefined,
    spokeTls: () => undefined,
  };
}

/**
 * Limits the connections of a server, and has those beyond counted. Without `dropMaxConnection` a
 * worker hands them back, and a full one gets them again at once.
 */
export function limitConnections(server: Server, connectionsMax: number, guard: Guard): void {
  Object.assign(server, { maxConnections: connectionsMax, dropMaxConnection: true });
  server.on('drop', drop => guard.refused('full', sourceOf(drop?.remoteAddress ?? '')));
}

/**
 * Counts connections by source, and destroys those beyond `perSourceMax`. Returns a function that
 * says whether a new connection may stay.
 */
export function createShares(perSourceMax: number, guard: Guard): (socket: Socket) => boolean {
  const counts = new Map<string, number>();
  return socket => {
    const { remoteAddress } = socket;
    // It is gone already.
    if (remoteAddress === undefined) return true;
    if (guard.isExempt(plainAddress(remoteAddress))) return true;
    const source = sourceOf(remoteAddress);
    const count = counts.get(source) ?? 0;
    if (count >= perSourceMax) {
      socket.destroy();
      guard.refused('source', source);
      return false;
    }
    counts.set(source, count + 1);
    socket.once('close', () => {
      const left = (counts.get(source) ?? 0) - 1;
      if (left > 0) counts.set(source, left);
      else counts.delete(source);
    });
    return true;
  };
}
