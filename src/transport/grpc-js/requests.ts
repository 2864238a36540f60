/** The request messages of a gRPC stream as an async iterable that the server can end. */

import type { Readable } from 'node:stream';

/** Most messages buffered for a handler that is slower than its caller. */
const heldMax = 16;

/** The messages of one stream. */
export interface Requests<T> extends AsyncIterable<T> {
  /** Ends the iterable after the buffered messages, throwing the error if given. */
  end(error?: Error): void;
}

/**
 * Reads messages from a stream, few ahead of the handler. What `check` throws, the iterable throws.
 */
export function requestsOf<T>(source: Readable, check: (message: T) => T): Requests<T> {
  const held: T[] = [];
  let ended = false;
  let failure: Error | undefined;
  let wake = () => {};

  const end = (error?: Error) => {
    if (ended) return;
    ended = true;
    failure = error;
    source.off('data', onData);
    // Later messages are discarded: unread, they would exhaust the flow-control window.
    source.resume();
    wake();
  };
  const onData = (message: T) => {
    held.push(message);
    if (held.length >= heldMax) source.pause();
    wake();
  };
  source.on('data', onData);
  source.on('end', () => end());
  source.on('close', () => end());

  async function* read(): AsyncGenerator<T> {
    for (;;) {
      const message = held.shift();
      if (message !== undefined) {
        if (!ended && held.length === 0) source.resume();
        yield check(message);
      } else if (ended) {
        if (failure) throw failure;
        return;
      } else {
        await new Promise<void>(resolve => {
          wake = resolve;
        });
      }
    }
  }
  return { end, [Symbol.asyncIterator]: read };
}
