/** Checks the JSON requests that connect-node reads, by the same rules as all others. */

import type { DescMessage } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { readJson } from './json.ts';

/** What precedes a message in a stream: flags and length. */
const prefixBytes = 5;

interface Compression {
  decompress(bytes: Uint8Array, readMaxBytes: number): Promise<Uint8Array>;
}

/** A compression that checks the JSON messages that were compressed. */
export function checkedCompression<C extends Compression>(desc: DescMessage, compression: C): C {
  return {
    ...compression,
    async decompress(bytes, readMaxBytes) {
      const plain = Buffer.from(await compression.decompress(bytes, readMaxBytes));
      readJson(desc, plain);
      return plain;
    },
  };
}

/** A request's JSON body, as a whole and checked; `isStream` says that its messages have prefixes. */
export async function* checkedBody(
  desc: DescMessage,
  body: AsyncIterable<Uint8Array>,
  isStream: boolean,
  bytesMax: number,
): AsyncGenerator<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > bytesMax + prefixBytes) {
      const text = `the request is longer than ${bytesMax} bytes`;
      throw new ConnectError(text, Code.ResourceExhausted);
    }
    chunks.push(chunk);
  }
  const whole = Buffer.concat(chunks);
  const message = isStream ? plainMessage(whole) : whole;
  if (message !== undefined) readJson(desc, message);
  yield whole;
}

/**
 * The one message that callers stream over HTTP/1.1; undefined for a compressed one, which is checked when
 * it is unpacked, and for what is no message, which connect-node refuses.
 */
function plainMessage(stream: Buffer): Buffer | undefined {
  const isWhole = stream.length >= prefixBytes && stream[0] === 0;
  const end = isWhole ? prefixBytes + stream.readUInt32BE(1) : 0;
  return isWhole && end === stream.length ? stream.subarray(prefixBytes) : undefined;
}
