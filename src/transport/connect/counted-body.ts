/** Counts the bytes of requests that are left to connect-node, until they are answered. */

import type { ServerResponse } from 'node:http';
import { Code, ConnectError } from '@connectrpc/connect';
import { tooManyBytesText } from '../rpc/request-bytes.ts';
import type { ConnectGuard } from './unary.ts';

/** The body, which throws UNAVAILABLE at once if the request is refused for its bytes. */
export async function* countedBody(
  body: AsyncIterable<Uint8Array>,
  res: ServerResponse,
  guard: Pick<ConnectGuard, 'requests' | 'requestRefused'>,
): AsyncGenerator<Uint8Array> {
  const refusal = Promise.withResolvers<never>();
  // It may come when nothing waits for it any more.
  refusal.promise.catch(() => undefined);
  const request = {
    heldBytes: 0,
    refuse() {
      guard.requestRefused();
      refusal.reject(new ConnectError(tooManyBytesText, Code.Unavailable));
    },
  };
  res.once('close', () => guard.requests.end(request));
  const chunks = body[Symbol.asyncIterator]();
  for (;;) {
    const next = await Promise.race([refusal.promise, chunks.next()]);
    // What arrives after the caller has gone would stay counted.
    if (next.done || res.destroyed) return;
    guard.requests.add(request, next.value.length);
    yield next.value;
  }
}
