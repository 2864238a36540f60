/** Errors of an rpc, and the verdict table's wire codes. */

import { create } from '@bufbuild/protobuf';
import type { Denial } from '../../gen/usher/v1/verifier_pb.ts';
import { DenialSchema, Reason as ReasonCode } from '../../gen/usher/v1/verifier_pb.ts';
import type { Reason } from '../../verify/verdict.ts';
import { reasons } from '../../verify/verdict.ts';

/** gRPC status codes that Usher answers with; Connect has the same numbers. */
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

/** An error that a handler answers with. The message goes to the caller: no token, secret or claim. */
export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly code: CodeName;
  /** Set when the error is a verdict. */
  readonly denial: Denial | undefined;
  constructor(code: CodeName, message: string, denial?: Denial) {
    super(message);
    this.code = code;
    this.denial = denial;
  }
}

/** The verdict as an error: for Hello, and for callers that are refused. */
export function denialError(reason: Reason): RpcError {
  const { grpc, http, text } = reasons[reason];
  const denial = create(DenialSchema, {
    reason: ReasonCode[reason],
    message: text,
    httpStatus: http,
  });
  return new RpcError(grpc, text, denial);
}
