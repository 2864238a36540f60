/** The gRPC connections whose callers do not read their answers. */

import { constants, type Http2Session, type ServerHttp2Stream } from 'node:http2';
import type { Reader } from '../rpc/unread.ts';

/** What a stream takes up besides its answer, in Node and in nghttp2, in bytes: measured, 8 to 14 kB. */
export const streamBytes = 8192;

/** A unary call that is not over. */
export interface UnaryCall {
  stream: ServerHttp2Stream;
  /** Whether it waits until other answers are read. */
  isWaiting: boolean;
}

/** Without an error, Node would send NO_ERROR. */
const notRead = new Error('the caller does not read its answers');

/**
 * The connections with answers that wait for their callers: of the unary calls that are answered but
 * not over or wait for that, and of the streams to which more was written than was taken.
 */
export function* grpcReaders(
  unary: Iterable<UnaryCall>,
  others: Iterable<ServerHttp2Stream>,
): Generator<Reader> {
  const sums = new Map<Http2Session, { bytes: number; waitingBytes: number }>();
  const sumOf = ({ session }: ServerHttp2Stream) => {
    if (session === undefined) return undefined;
    const sum = sums.get(session) ?? { bytes: 0, waitingBytes: 0 };
    sums.set(session, sum);
    return sum;
  };
  const add = (stream: ServerHttp2Stream) => {
    const sum = sumOf(stream);
    if (sum !== undefined) sum.bytes += stream.writableLength + streamBytes;
  };
  for (const { stream, isWaiting } of unary) {
    const sum = isWaiting ? sumOf(stream) : undefined;
    if (sum !== undefined) sum.waitingBytes += streamBytes;
    if (stream.headersSent) add(stream);
  }
  for (const stream of others) if (stream.writableLength > 0) add(stream);
  for (const [session, sum] of sums) {
    yield {
      ...sum,
      close: () => session.destroy(notRead, constants.NGHTTP2_ENHANCE_YOUR_CALM),
    };
  }
}
