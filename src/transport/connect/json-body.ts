/** Checks the JSON requests that connect-node reads, by the same rules as all others. */

import type { DescMessage } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { encodeEnvelope, transformSplitEnvelope } from '@connectrpc/connect/protocol';
import { readJson } from './json.ts';

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

/** A JSON body of one message, as a whole and checked. */
export async function* checkedBody(
  desc: DescMessage,
  body: AsyncIterable<Uint8Array>,
  bytesMax: number,
): AsyncGenerator<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > bytesMax) {
      const text = `the request is longer than ${bytesMax} bytes`;
      throw new ConnectError(text, Code.ResourceExhausted);
    }
    chunks.push(chunk);
  }
  const whole = Buffer.concat(chunks);
  readJson(desc, whole);
  yield whole;
}

/**
 * A stream of JSON messages, each as a whole and checked. A compressed one is checked when it is
 * unpacked.
 */
export async function* checkedStream(
  desc: DescMessage,
  body: AsyncIterable<Uint8Array>,
  bytesMax: number,
): AsyncGenerator<Uint8Array> {
  for await (const { flags, data } of transformSplitEnvelope(bytesMax)(body)) {
    if (flags === 0) readJson(desc, Buffer.from(data));
    yield encodeEnvelope(flags, data);
  }
}
