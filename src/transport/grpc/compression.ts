/** The message encodings of requests: gRPC compression. Answers are never compressed. */

import type { Packing } from '../rpc/unpack.ts';

/** A name in `grpc-encoding`. */
export type Encoding = 'identity' | Packing;

/** All of them. */
export const encodingNames: readonly Encoding[] = ['identity', 'deflate', 'gzip'];
