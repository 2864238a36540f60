/** The request messages of a gRPC stream as an async iterable that can be ended from outside. */

import type { Readable } from 'node:stream';

/** Messages held for a handler that is slower than its caller. */
const heldMax = 16;

/** The messages of one stream. */
export interface Requests<T> extends AsyncIterable<T> {
  /** Ends it once what was received is read; with an error where one is given. */
  end(error?: Error): void;
}

/** Reads a stream of messages, no further ahead of the handler than a few. `check` may throw. */
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
    // What still comes is of no interest, but must not hold up the connection.
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
