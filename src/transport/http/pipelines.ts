/**
 * Lets requests wait that came over HTTP/1.1 before the one in front of them was answered. One read can
 * bring a thousand of them.
 */

import type { IncomingMessage } from 'node:http';
import { Lines } from '../../timing/turns.ts';
import type { Guard } from '../rpc/guard.ts';
import type { HeldRequest } from '../rpc/request-bytes.ts';

/** How many of a connection begin in a turn: less than half a millisecond of work. */
const begunMax = 16;
/** What a request that waits holds, and each of its fields, in bytes: measured over 20,000 of them. */
const requestBytes = 2048;
const fieldBytes = 160;

/** Calls `begin` in a turn of the request's connection. */
type Wait = (req: IncomingMessage, begin: () => void) => void;

/**
 * The lines of a listener. While requests wait, no more are read from their connection. They count with
 * the requests of the process: when those hold too many bytes, the connections with the most are closed.
 */
export function createPipelines(guard: Pick<Guard, 'requests' | 'requestRefused'>): Wait {
  const lines = new Lines<object>(begunMax);
  const held = new WeakMap<object, HeldRequest>();
  return (req, begin) => {
    const { socket, rawHeaders } = req;
    if (socket.destroyed) return;
    const waiting = held.get(socket) ?? {
      heldBytes: 0,
      refuse() {
        guard.requestRefused();
        socket.destroy();
      },
    };
    held.set(socket, waiting);
    socket.pause();
    const bytes = requestBytes + (rawHeaders.length / 2) * fieldBytes;
    lines.add(socket, 1, () => {
      guard.requests.end(waiting, Math.max(0, waiting.heldBytes - bytes));
      if (socket.destroyed) return;
      if (waiting.heldBytes === 0) socket.resume();
      begin();
    });
    guard.requests.add(waiting, bytes);
  };
}
