/** Ends what can only be finished by a peer that does nothing any more, while a listener stops. */

import { awakeTimeout } from './awake.ts';

/** What is known of a connection. */
export interface Stalling<T> {
  /** Whether it can only go on when its peer sends, or reads, something. */
  waitsForPeer(connection: T): boolean;
  /** Changes whenever the peer sent or read something. */
  moved(connection: T): number;
}

/** Bytes that a peer sent or took: what changes as long as it does something. */
export function movedBytes(socket: {
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly writableLength: number;
}): number {
  return socket.bytesRead + socket.bytesWritten - socket.writableLength;
}

/**
 * Destroys each connection that waits for its peer for `ms` milliseconds in which nothing moves; one for
 * whose request a handler works is left alone. Returns the function that ends it.
 */
export function endStalled<T extends { destroy(): unknown }>(
  connections: () => Iterable<T>,
  { waitsForPeer, moved }: Stalling<T>,
  ms: number,
): () => void {
  let waiting = new Map<T, number>();
  const look = () => {
    const before = waiting;
    waiting = new Map();
    for (const each of connections()) {
      if (!waitsForPeer(each)) continue;
      if (before.get(each) === moved(each)) each.destroy();
      else waiting.set(each, moved(each));
    }
    timer = awakeTimeout(look, ms);
  };
  let timer = awakeTimeout(look, 0);
  return () => timer.clear();
}
