/** Errors of rpcs, and their gRPC status codes. */

import { create } from '@bufbuild/protobuf';
import type { Denial } from '../../gen/usher/v1/verifier_pb.ts';
import { DenialSchema, Reason as ReasonCode } from '../../gen/usher/v1/verifier_pb.ts';
import { type Refusal, reasons, textOf } from '../../verify/verdict.ts';
import { durationOfMs } from './time.ts';

/** The gRPC status codes that Usher uses; Connect's have the same numbers. */
export const codes = {
  CANCELLED: 1,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const;

/** The name of a status code. */
export type CodeName = keyof typeof codes;

/** The message of calls that end because the server stops. */
export const shuttingDownText = 'the server is shutting down; call again';

/** The message of calls whose deadline has passed. */
export const deadlineText = 'the deadline has passed';

/** Thrown by a handler to fail its call. The caller sees the message: no token, secret or claim. */
export class RpcError extends Error {
  override readonly name = 'RpcError';
  /** The gRPC status code. */
  readonly code: CodeName;
  /** Set when the error is a negative verdict. */
  readonly denial: Denial | undefined;
  constructor(code: CodeName, message: string, denial?: Denial) {
    super(message);
    this.code = code;
    this.denial = denial;
  }
}

/** A negative verdict as an error, with code and text of the verdict table. */
export function denialError(refusal: Refusal): RpcError {
  const { grpc, http } = reasons[refusal.reason];
  const message = textOf(refusal);
  const denial = create(DenialSchema, {
    reason: ReasonCode[refusal.reason],
    message,
    httpStatus: http,
  });
  const { retryAfterMs } = refusal;
  if (retryAfterMs !== undefined) denial.retryAfter = durationOfMs(retryAfterMs);
  return new RpcError(grpc, message, denial);
}

/** The error for a request that is longer than allowed. */
export function tooLong(bytesMax: number): RpcError {
  return new RpcError('RESOURCE_EXHAUSTED', `the request is longer than ${bytesMax} bytes`);
}
