/** Encodes the details of a failed gRPC call for `grpc-status-details-bin`. */

import { create, toBinary } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import { StatusSchema } from '../../gen/google/rpc/status_pb.ts';
import type { Denial } from '../../gen/usher/v1/verifier_pb.ts';
import { DenialSchema } from '../../gen/usher/v1/verifier_pb.ts';
import type { Failure } from '../rpc/failure.ts';
import { codes } from '../rpc/rpc-error.ts';

/** Cached by message, of which there are few: each names one reason, and the claim if there is one. */
const encoded = new Map<string, Buffer>();

/** An encoded google.rpc.Status with the denial in its details. */
export function statusDetails(failure: Failure, denial: Denial): Buffer {
  const known = encoded.get(denial.message);
  if (known) return known;
  const status = create(StatusSchema, {
    code: codes[failure.code],
    message: failure.message,
    details: [anyPack(DenialSchema, denial)],
  });
  const bytes = Buffer.from(toBinary(StatusSchema, status));
  encoded.set(denial.message, bytes);
  return bytes;
}
