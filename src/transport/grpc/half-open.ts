/** Closes HTTP/2 streams that callers leave half open after the call has ended. */

import { constants, type ServerHttp2Stream } from 'node:http2';

/** The streams that are watched. */
export interface HalfOpenStreams {
  /** Closes the stream when it is still open after one to two bounds. */
  add(stream: ServerHttp2Stream): void;
  /** Closes the streams older than the bound. */
  sweep(): void;
  /** Stops the timer. */
  stop(): void;
}

/**
 * Starts watching, with a bound in milliseconds. grpc-js answers a call whose deadline has passed
 * but leaves closing its stream to the caller. A timer for each call would cost a tenth of the
 * call; two sets swapped by one timer cost almost nothing.
 */
export function closeHalfOpen(boundMs: number): HalfOpenStreams {
  let young = new Set<ServerHttp2Stream>();
  let old = new Set<ServerHttp2Stream>();
  function onClose(this: ServerHttp2Stream) {
    if (!young.delete(this)) old.delete(this);
  }
  const sweep = () => {
    for (const stream of old) stream.close(constants.NGHTTP2_CANCEL);
    old = young;
    young = new Set();
  };
  const timer = setInterval(sweep, boundMs).unref();
  return {
    add(stream) {
      young.add(stream);
      stream.on('close', onClose);
    },
    sweep,
    stop: () => clearInterval(timer),
  };
}
