/** Encodes the details of a failed gRPC call for `grpc-status-details-bin`. */

import { create, toBinary } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import { StatusSchema } from '../../gen/google/rpc/status_pb.ts';
import type { Denial } from '../../gen/usher/v1/verifier_pb.ts';
import { DenialSchema } from '../../gen/usher/v1/verifier_pb.ts';
import type { Failure } from './failure.ts';
import { codes } from './rpc-error.ts';

/** Cached by reason: the denial of a reason never differs. */
const encoded = new Map<Denial['reason'], Buffer>();

/** An encoded google.rpc.Status with the denial in its details. */
export function statusDetails(failure: Failure, denial: Denial): Buffer {
  const known = encoded.get(denial.reason);
  if (known) return known;
  const status = create(StatusSchema, {
    code: codes[failure.code],
    message: failure.message,
    details: [anyPack(DenialSchema, denial)],
  });
  const bytes = Buffer.from(toBinary(StatusSchema, status));
  encoded.set(denial.reason, bytes);
  return bytes;
}
