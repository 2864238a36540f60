/** The message encodings of requests: gRPC compression. Answers are never compressed. */

import { promisify } from 'node:util';
import { gunzip, inflate } from 'node:zlib';
import { RpcError } from '../rpc/rpc-error.ts';

/** A name in `grpc-encoding`. */
export type Encoding = 'identity' | 'deflate' | 'gzip';

/** All of them. */
export const encodingNames: readonly Encoding[] = ['identity', 'deflate', 'gzip'];

const decompressors = { gzip: promisify(gunzip), deflate: promisify(inflate) };

/** Decompresses a message of at most `bytesMax` bytes; throws RpcError. */
export async function decompress(
  encoding: Exclude<Encoding, 'identity'>,
  bytes: Buffer,
  bytesMax: number,
): Promise<Buffer> {
  try {
    return await decompressors[encoding](bytes, { maxOutputLength: Math.max(1, bytesMax) });
  } catch (error) {
    if (error instanceof RangeError) {
      throw new RpcError('RESOURCE_EXHAUSTED', `the request is longer than ${bytesMax} bytes`);
    }
    throw new RpcError('INTERNAL', `the request cannot be decompressed with ${encoding}`);
  }
}
