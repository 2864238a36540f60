/** Maps what a handler threw to the error that the caller receives, the same for every protocol. */

import { randomUUID } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import {
  type BadRequest,
  BadRequestSchema,
  type RetryInfo,
  RetryInfoSchema,
} from '../../gen/google/rpc/error_details_pb.ts';
import type { Denial } from '../../gen/usher/v1/verifier_pb.ts';
import { Unavailable } from '../../store/store.ts';
import { TokenError, type Violation } from '../../tokens/errors.ts';
import type { CodeName } from './rpc-error.ts';
import { RpcError } from './rpc-error.ts';
import { durationOfMs } from './time.ts';

/** The error that the caller receives. */
export interface Failure {
  /** The gRPC status code. */
  code: CodeName;
  /** Contains no token, secret or claim. */
  message: string;
  /** Set when the error is a negative verdict. */
  denial?: Denial;
  /** Set for INVALID_ARGUMENT: the fields that are wrong, at most `fieldsMax`. */
  violations?: readonly Violation[];
  /** When to call again, in milliseconds from now. */
  retryAfterMs?: number;
  /** Set when the id is not the caller's: that of the entry in the log. */
  requestId?: string;
}

/** Called with each unexpected error and the id of its request, for the log. */
export type OnBug = (error: unknown, requestId: string) => void;

/** The message when the store's failure leaves a verdict or the result of a change unknown. */
export const unavailableText = 'the store cannot be reached; ask again';

/**
 * Most fields that a failure names. Over gRPC it is in the trailers, each field twice (in the message and
 * in the details), and some clients accept only 8 KB of them.
 */
const fieldsMax = 16;

/**
 * The failure for a thrown value. Unexpected errors become INTERNAL, without their text; they get an id if
 * the request has none.
 */
export function failureOf(thrown: unknown, onBug: OnBug, requestId?: string): Failure {
  if (thrown instanceof RpcError) {
    const { code, message, denial } = thrown;
    return denial ? { code, message, denial } : { code, message };
  }
  if (thrown instanceof TokenError) {
    const { code, message, violations, retryAfterMs } = thrown;
    if (retryAfterMs !== undefined) return { code, message, retryAfterMs };
    if (violations.length > fieldsMax) return shortened(code, violations);
    return violations.length > 0 ? { code, message, violations } : { code, message };
  }
  if (thrown instanceof Unavailable) return { code: 'UNAVAILABLE', message: unavailableText };
  if (requestId !== undefined) {
    onBug(thrown, requestId);
    return { code: 'INTERNAL', message: 'internal error' };
  }
  const made = randomUUID();
  onBug(thrown, made);
  return { code: 'INTERNAL', message: 'internal error', requestId: made };
}

/** A failure that names as many fields as it may, and says how many more are wrong. */
function shortened(code: CodeName, all: readonly Violation[]): Failure {
  const violations = all.slice(0, fieldsMax);
  const texts = violations.map(({ field, description }) => `${field}: ${description}`);
  const message = `${texts.join('; ')}; and ${all.length - fieldsMax} more`;
  return { code, message, violations };
}

/** When to call again as a detail of the error. */
export function retryInfo(retryAfterMs: number): RetryInfo {
  return create(RetryInfoSchema, { retryDelay: durationOfMs(retryAfterMs) });
}

/** The violations as a detail of the error. */
export function badRequest(violations: readonly Violation[]): BadRequest {
  // Protobuf's strings have no lone surrogates.
  const fieldViolations = violations.map(({ field, description }) => ({
    field: field.toWellFormed(),
    description: description.toWellFormed(),
  }));
  return create(BadRequestSchema, { fieldViolations });
}
