/** The handshakes of a listener that are under way, bounded in time and in bytes. */

import type { Socket } from 'node:net';
import { awakeMs } from '../../timing/awake.ts';
import { HandshakeError } from './faults.ts';
import type { TlsLimits } from './listener-tls.ts';

/** Handshakes under way. */
export interface Handshakes {
  /** A socket was accepted. `onGivenUp` is called if it is closed before it has said anything. */
  begin(raw: Socket, onGivenUp: (error: HandshakeError) => void): void;
  /** The handshake of a connection is over; returns the socket it began with, unless that is closed. */
  end(socket: Socket): Socket | undefined;
  /** Gives those under way `ms` milliseconds; resolves once there are none. */
  stop(ms: number): Promise<void>;
}

/** How often they are looked at, in milliseconds. A timer for each would cost more. */
const lookMs = 250;

interface Handshake {
  raw: Socket;
  /** By when it has to say something, and then by when to be done, on the awake clock. */
  dueMs: number;
  hasBegun: boolean;
}

/** Creates an empty set of handshakes. */
export function createHandshakes(limits: Omit<TlsLimits, 'resumptionSeconds'>): Handshakes {
  const { handshakeMs, handshakeBytesMax } = limits;
  const all = new Map<string, Handshake>();
  let timer: NodeJS.Timeout | undefined;
  let onNone = () => {};
  const remove = (key: string) => {
    if (!all.delete(key) || all.size > 0) return;
    clearInterval(timer);
    timer = undefined;
    onNone();
  };
  const look = () => {
    const nowMs = awakeMs();
    for (const each of all.values()) {
      const { raw } = each;
      if (!each.hasBegun && raw.bytesRead > 0) {
        each.hasBegun = true;
        each.dueMs = nowMs + handshakeMs;
      }
      if (raw.bytesRead > handshakeBytesMax) raw.destroy(new HandshakeError('too-long'));
      else if (nowMs > each.dueMs) raw.destroy(new HandshakeError('timeout'));
    }
  };
  return {
    begin(raw, onGivenUp) {
      const key = keyOf(raw);
      if (key === undefined) return void raw.destroy();
      all.set(key, { raw, dueMs: awakeMs() + handshakeMs, hasBegun: false });
      // What has arrived is read between the timers of the event loop and its immediates.
      timer ??= setInterval(() => setImmediate(look), lookMs).unref();
      raw.on('error', (error: Error) => {
        // Of others, TLS itself tells.
        if (error instanceof HandshakeError && raw.bytesRead === 0) onGivenUp(error);
      });
      raw.once('close', () => remove(key));
    },
    end(socket) {
      const key = keyOf(socket);
      const raw = key === undefined ? undefined : all.get(key)?.raw;
      if (key !== undefined) remove(key);
      return raw;
    },
    async stop(ms) {
      if (all.size === 0) return;
      const dueMs = awakeMs() + ms;
      for (const each of all.values()) {
        each.dueMs = Math.min(each.dueMs, dueMs);
        each.hasBegun = true;
      }
      await new Promise<void>(resolve => {
        onNone = resolve;
      });
    },
  };
}

/** What both ends of a connection tell apart; undefined once its peer is gone. */
function keyOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string | undefined {
  if (remoteAddress === undefined) return undefined;
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
