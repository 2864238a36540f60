/** Counts the bytes of requests that are left to connect-node, until they are answered. */

import { Code, ConnectError } from '@connectrpc/connect';
import type { HttpResponse } from '../http/message.ts';
import { tooManyBytesText } from '../rpc/request-bytes.ts';
import { callerGone } from './error.ts';
import type { ConnectGuard } from './unary.ts';

/** A body whose bytes are counted. */
export interface CountedBody {
  /** Throws UNAVAILABLE at once if the request is refused for its bytes. */
  chunks: AsyncIterable<Uint8Array>;
  /** What was read so far has been taken, and is no longer counted. */
  taken(): void;
}

/** Counts the bytes of a body. */
export function countedBody(
  body: AsyncIterable<Uint8Array>,
  res: HttpResponse,
  guard: Pick<ConnectGuard, 'requests' | 'requestRefused'>,
): CountedBody {
  let refusal: ConnectError | undefined;
  let reject = (_reason: ConnectError) => {};
  const request = {
    heldBytes: 0,
    refuse() {
      guard.requestRefused();
      refusal = new ConnectError(tooManyBytesText, Code.Unavailable);
      reject(refusal);
    },
  };
  res.once('close', () => guard.requests.end(request));
  const source = body[Symbol.asyncIterator]();
  async function* chunks() {
    while (refusal === undefined) {
      // Promise.race would keep something of each chunk until the end.
      const next = await new Promise<IteratorResult<Uint8Array>>((resolve, fail) => {
        reject = fail;
        // A body breaks off when its caller leaves, which is no fault of a handler that reads it.
        source.next().then(resolve, () => fail(callerGone()));
      });
      // What arrives after the caller has gone would stay counted.
      if (next.done || res.destroyed) return;
      guard.requests.add(request, next.value.length);
      yield next.value;
    }
    throw refusal;
  }
  return { chunks: chunks(), taken: () => guard.requests.end(request) };
}
