/** The load of the rows of limits: unary gRPC Verify of one token. */

import { create, toBinary } from '@bufbuild/protobuf';
import { VerifyRequestSchema } from '../../src/gen/usher/v1/verifier_pb.ts';
import { type Cost, grpcFrame, measure } from '../load.ts';
import type { Usher } from '../processes.ts';

const calls = 20_000;

/** Asks about one Authorization header again and again. */
export async function verifyLoad({ pid, grpc }: Usher, header: string): Promise<Cost> {
  return await measure([pid], {
    url: `http://${grpc}/usher.v1.VerifierService/Verify`,
    headers: { 'content-type': 'application/grpc', te: 'trailers' },
    body: grpcFrame(toBinary(VerifyRequestSchema, create(VerifyRequestSchema, { header }))),
    ...{ calls, connections: 4, streams: 16 },
  });
}
