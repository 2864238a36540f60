/** Tells which connections are old: their callers should make new ones, which spread over all servers. */

import type { Socket } from 'node:net';

/** Connections with their age. */
export interface ConnectionAges {
  /** Watches a connection until it closes. */
  watch(socket: Socket): void;
  isOld(socket: Socket): boolean;
}

/** So many made at once do not all end at once. */
const jitter = 0.1;

/** Makes it, for connections that are old after `ageMs`, give or take a tenth. */
export function connectionAges(ageMs: number): ConnectionAges {
  const old = new Set<Socket>();
  return {
    watch(socket) {
      const ownAgeMs = ageMs * (1 + jitter * (2 * Math.random() - 1));
      const timer = setTimeout(() => old.add(socket), ownAgeMs).unref();
      socket.once('close', () => {
        clearTimeout(timer);
        old.delete(socket);
      });
    },
    isOld: socket => old.size > 0 && old.has(socket),
  };
}
