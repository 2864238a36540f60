/** Writes the answers of a streaming call no faster than its caller reads them. */

import type { ServerDuplexStream, ServerWritableStream } from '@grpc/grpc-js';

/** A streaming call of grpc-js whose answers are encoded already. */
export type Stream<Q> = ServerWritableStream<Q, Uint8Array> | ServerDuplexStream<Q, Uint8Array>;

/** How many bytes may wait for the caller besides the message that is being sent. */
const waitingBytesMax = 65_536;

/**
 * Writes answers until they end or the call does. grpc-js itself counts messages, and would let
 * sixteen of them wait, of any length.
 */
export async function writeAll<Q, T>(
  stream: Stream<Q>,
  answers: AsyncIterable<T>,
  encode: (answer: T) => Uint8Array,
): Promise<void> {
  let waitingBytes = 0;
  let wake = () => {};
  const end = () => {
    waitingBytes = 0;
    wake();
  };
  stream.on('close', end).on('cancelled', end);
  for await (const answer of answers) {
    const bytes = encode(answer);
    while (waitingBytes > 0 && waitingBytes + bytes.length > waitingBytesMax) {
      await new Promise<void>(resolve => {
        wake = resolve;
      });
    }
    if (stream.cancelled || stream.writableEnded) return;
    waitingBytes += bytes.length;
    stream.write(bytes, () => {
      waitingBytes -= bytes.length;
      wake();
    });
  }
}
