/**
 * Refuses JSON requests that are nested too deep before they are parsed: a few megabytes of brackets in a
 * field that nothing reads would hold up the process for a third of a second.
 */

import { Code, ConnectError } from '@connectrpc/connect';
import { isDeeperThan } from '../../verify/json-depth.ts';

/** Deepest nesting; the protobuf library has the same limit for binary requests. */
const depthMax = 100;
/** In so few bytes no nesting costs anything, and most requests are shorter. */
const harmlessBytes = 4096;
/** What precedes a message in a stream: flags and length. */
const prefixBytes = 5;

/** Throws INVALID_ARGUMENT for JSON that is nested too deep. */
export function refuseDeepJson(json: Buffer): void {
  if (json.length > harmlessBytes && isDeeperThan(json, depthMax)) {
    throw new ConnectError(
      `the request is nested deeper than ${depthMax} levels`,
      Code.InvalidArgument,
    );
  }
}

interface Compression {
  decompress(bytes: Uint8Array, readMaxBytes: number): Promise<Uint8Array>;
}

/** A compression with that check of what was compressed; only JSON starts with a bracket. */
export function shallow<C extends Compression>(compression: C): C {
  return {
    ...compression,
    async decompress(bytes, readMaxBytes) {
      const plain = Buffer.from(await compression.decompress(bytes, readMaxBytes));
      if (/^\s*[[{]/.test(plain.toString('latin1', 0, 1024))) refuseDeepJson(plain);
      return plain;
    },
  };
}

/** A JSON request's body, as a whole and checked; `isStream` says that its messages have prefixes. */
export async function* shallowBody(
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
  // Callers that stream JSON send one message; a compressed one is checked when it is unpacked.
  if (!isStream || whole[0] === 0) refuseDeepJson(whole.subarray(isStream ? prefixBytes : 0));
  yield whole;
}
