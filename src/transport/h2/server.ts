/** Serves HTTP/2 on sockets that someone else accepts. */

import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { endStalled, type Stalling } from '../../timing/stalled.ts';
import { type ConnectionDeps, H2Connection } from './connection.ts';

/** The connections of one listener. */
export interface H2Server {
  /** Serves a socket, which must not have been read. One with TLS must have agreed on `h2` by ALPN. */
  accept(socket: Socket | TLSSocket): void;
  /** The open connections. */
  connections(): Iterable<H2Connection>;
  /** Tells all peers, and later ones, to go away; resolves once those that were open are closed. */
  goAway(): Promise<void>;
  /** Closes all connections at once. */
  destroy(): void;
}

const stalling: Stalling<H2Connection> = {
  waitsForPeer: connection => connection.waitsForPeer,
  moved: connection => connection.moved,
};

/** Creates a server without any connection. */
export function createH2Server(deps: ConnectionDeps): H2Server {
  const open = new Map<H2Connection, Promise<void>>();
  let isGoingAway = false;
  return {
    accept(socket) {
      // RFC 9113 section 3.2: without ALPN it would be unknown which protocol follows.
      if ('alpnProtocol' in socket && socket.alpnProtocol !== 'h2') {
        deps.onFault('preface');
        socket.destroy();
        return;
      }
      const connection = new H2Connection(socket, deps);
      const closed = Promise.withResolvers<void>();
      open.set(connection, closed.promise);
      if (isGoingAway) connection.goAway();
      socket.once('close', () => {
        open.delete(connection);
        closed.resolve();
      });
    },
    connections: () => open.keys(),
    async goAway() {
      isGoingAway = true;
      for (const connection of open.keys()) connection.goAway();
      const stopLooking = endStalled(() => open.keys(), stalling, deps.limits.stopSilenceMs);
      await Promise.all(open.values());
      stopLooking();
    },
    destroy() {
      for (const connection of open.keys()) connection.destroy();
    },
  };
}
