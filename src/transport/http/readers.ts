/** The HTTP connections whose callers do not read their answers. */

import type { Socket } from 'node:net';
import { awakeMs } from '../../timing/awake.ts';
import type { Reader } from '../rpc/unread.ts';

/**
 * A function that lists the connections with unread answers. Those from which nothing at all was
 * read for `stallMs` milliseconds it closes, and calls `onStall` for each.
 */
export function httpReaders(
  sockets: Iterable<Socket>,
  stallMs: number,
  onStall: () => void,
): () => Iterable<Reader> {
  const seen = new WeakMap<Socket, { readBytes: number; sinceMs: number }>();
  const isStalled = (socket: Socket, unreadBytes: number) => {
    const readBytes = socket.bytesWritten - unreadBytes;
    const nowMs = awakeMs();
    const known = seen.get(socket);
    if (known?.readBytes === readBytes) return nowMs - known.sinceMs > stallMs;
    seen.set(socket, { readBytes, sinceMs: nowMs });
    return false;
  };
  return function* readers() {
    for (const socket of sockets) {
      const bytes = socket.writableLength;
      if (bytes === 0 || socket.destroyed) continue;
      if (isStalled(socket, bytes)) {
        socket.destroy();
        onStall();
      } else {
        yield { bytes, waitingBytes: 0, close: () => socket.destroy() };
      }
    }
  };
}
