/** The gRPC connections whose callers do not read their answers. */

import { constants, type Http2Session, type ServerHttp2Stream } from 'node:http2';
import type { Reader } from '../rpc/unread.ts';

/** What a stream takes up besides its answer, in Node and in nghttp2, in bytes. */
const streamBytes = 4096;

/** Without an error, Node would send NO_ERROR. */
const notRead = new Error('the caller does not read its answers');

/**
 * The connections with answers that wait for their callers: of the unary calls that are answered but
 * not over, and of the streams to which more was written than was taken.
 */
export function* grpcReaders(
  unary: Iterable<ServerHttp2Stream>,
  others: Iterable<ServerHttp2Stream>,
): Generator<Reader> {
  const bytes = new Map<Http2Session, number>();
  const add = (stream: ServerHttp2Stream) => {
    const { session } = stream;
    if (session === undefined) return;
    bytes.set(session, (bytes.get(session) ?? 0) + stream.writableLength + streamBytes);
  };
  for (const stream of unary) if (stream.headersSent) add(stream);
  for (const stream of others) if (stream.writableLength > 0) add(stream);
  for (const [session, held] of bytes) {
    yield {
      bytes: held,
      close: () => session.destroy(notRead, constants.NGHTTP2_ENHANCE_YOUR_CALM),
    };
  }
}
