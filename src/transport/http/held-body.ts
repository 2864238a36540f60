/** Counts the bodies of routes whose bodies are short, from the first byte of the request on. */

import type { Guard } from '../rpc/guard.ts';
import { tooManyBytesText } from '../rpc/request-bytes.ts';
import { answerError } from './answer.ts';
import type { HttpRequest } from './message.ts';
import type { Route } from './router.ts';

/**
 * The route, for bodies of at most `bytesMax` bytes. A request holds what it announces until it is
 * answered: if requests hold too many bytes already, it is answered with 503; if it becomes the
 * largest when they do, its connection is closed.
 */
export function heldBody(
  route: Route,
  bytesMax: number,
  guard: Pick<Guard, 'requests' | 'requestRefused'>,
): Route {
  return {
    ...route,
    handle(req, res) {
      const bytes = Math.min(bytesMax, announcedBytes(req));
      if (bytes === 0) return route.handle(req, res);
      let isUnderWay = false;
      let isRefused = false;
      const request = {
        heldBytes: 0,
        refuse() {
          isRefused = true;
          guard.requestRefused();
          if (isUnderWay) res.destroy();
          else answerError(res, 503, tooManyBytesText, { 'Retry-After': 1, Connection: 'close' });
        },
      };
      res.once('close', () => guard.requests.end(request));
      guard.requests.add(request, bytes);
      isUnderWay = true;
      if (!isRefused) return route.handle(req, res);
    },
  };
}

/** Infinity for a body of unknown length. */
function announcedBytes({ headers, httpVersion, readableEnded }: HttpRequest): number {
  const length = headers['content-length'];
  if (length !== undefined) return Number(length);
  // HTTP/2 announces content by not ending the request with its headers.
  const hasContent =
    httpVersion === '2' ? !readableEnded : headers['transfer-encoding'] !== undefined;
  return hasContent ? Number.POSITIVE_INFINITY : 0;
}
