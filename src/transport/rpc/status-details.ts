/** Encodes the details of a failed gRPC call for `grpc-status-details-bin`. */

import { create, toBinary } from '@bufbuild/protobuf';
import { type Any, anyPack } from '@bufbuild/protobuf/wkt';
import { BadRequestSchema, RetryInfoSchema } from '../../gen/google/rpc/error_details_pb.ts';
import { StatusSchema } from '../../gen/google/rpc/status_pb.ts';
import { DenialSchema } from '../../gen/usher/v1/verifier_pb.ts';
import { badRequest, type Failure, retryInfo } from './failure.ts';
import { codes } from './rpc-error.ts';

/** Cached by message, of which there are few: each names one reason, and the claim if there is one. */
const encoded = new Map<string, Buffer>();

/** An encoded google.rpc.Status with the failure's details; undefined when it has none. */
export function statusDetails(failure: Failure): Buffer | undefined {
  const { denial, violations, retryAfterMs } = failure;
  if (retryAfterMs !== undefined) {
    return encode(failure, anyPack(RetryInfoSchema, retryInfo(retryAfterMs)));
  }
  if (violations) return encode(failure, anyPack(BadRequestSchema, badRequest(violations)));
  if (!denial) return undefined;
  if (denial.retryAfter) return encode(failure, anyPack(DenialSchema, denial));
  const known = encoded.get(denial.message) ?? encode(failure, anyPack(DenialSchema, denial));
  encoded.set(denial.message, known);
  return known;
}

function encode({ code, message }: Failure, detail: Any): Buffer {
  // Protobuf's strings have no lone surrogates.
  const status = { code: codes[code], message: message.toWellFormed(), details: [detail] };
  return Buffer.from(toBinary(StatusSchema, create(StatusSchema, status)));
}
