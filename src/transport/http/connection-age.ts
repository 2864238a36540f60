/** Tracks the age of connections: callers of old ones should reconnect, which rebalances load. */

import type { Socket } from 'node:net';
import { awakeTimeout } from '../../timing/awake.ts';

/** The open connections and their age. */
export interface ConnectionAges {
  /** Adds a connection, until it closes. */
  watch(socket: Socket): void;
  /** Whether the connection has exceeded its age. */
  isOld(socket: Socket): boolean;
}

/** A fraction of the age, so that connections made together do not end together. */
const jitter = 0.1;

/** Connections are old after `ageMs` milliseconds ±10 %. */
export function connectionAges(ageMs: number): ConnectionAges {
  const old = new Set<Socket>();
  return {
    watch(socket) {
      const ownAgeMs = ageMs * (1 + jitter * (2 * Math.random() - 1));
      const timer = awakeTimeout(() => old.add(socket), ownAgeMs);
      socket.once('close', () => {
        timer.clear();
        old.delete(socket);
      });
    },
    isOld: socket => old.size > 0 && old.has(socket),
  };
}
