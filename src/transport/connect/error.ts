/** Converts errors to those of the Connect protocol. */

import { durationMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';
import { codeToHttpStatus, errorToJson } from '@connectrpc/connect/protocol-connect';
import { BadRequestSchema, RetryInfoSchema } from '../../gen/google/rpc/error_details_pb.ts';
import { DenialSchema } from '../../gen/usher/v1/verifier_pb.ts';
import { retryAfterOf } from '../http/answer.ts';
import { bearerRealm } from '../http/www-authenticate.ts';
import { badRequest, type Failure, failureOf, type OnBug, retryInfo } from '../rpc/failure.ts';
import { codes } from '../rpc/rpc-error.ts';

/** The Connect error for a thrown value. */
export function connectError(thrown: unknown, onBug: OnBug, requestId?: string): ConnectError {
  if (thrown instanceof ConnectError) return thrown;
  const failure = failureOf(thrown, onBug, requestId);
  const { message, code, denial } = failure;
  const limited = denial?.retryAfter && durationMs(denial.retryAfter);
  const retryAfterMs = failure.retryAfterMs ?? limited;
  const headers = {
    ...(retryAfterMs === undefined ? {} : retryAfterIn(retryAfterMs)),
    ...(failure.requestId === undefined ? {} : { 'X-Request-Id': failure.requestId }),
  };
  return new ConnectError(message, codes[code], headers, detailsOf(failure));
}

/** The header of a call whose token is over its limit, or whose source guesses. */
function retryAfterIn(retryAfterMs: number): Record<string, string> {
  const { 'Retry-After': seconds } = retryAfterOf({ retryAfterMs });
  return { 'Retry-After': String(seconds) };
}

function detailsOf({ denial, violations, retryAfterMs }: Failure) {
  if (retryAfterMs !== undefined) {
    return [{ desc: RetryInfoSchema, value: retryInfo(retryAfterMs) }];
  }
  if (violations) return [{ desc: BadRequestSchema, value: badRequest(violations) }];
  return denial ? [{ desc: DenialSchema, value: denial }] : [];
}

/** The answer to a unary call that failed. */
export interface ConnectErrorAnswer {
  /** The HTTP status. */
  status: number;
  /** The JSON body. */
  text: string;
  /** Names and values, alternating. */
  headers: readonly string[];
}

/** The answer with an error of a unary call. */
export function connectErrorAnswer(error: ConnectError): ConnectErrorAnswer {
  const text = JSON.stringify(errorToJson(error, {}));
  const status = codeToHttpStatus(error.code);
  return { status, text, headers: [...challengesOf(status), ...[...error.metadata].flat()] };
}

/** RFC 9110 section 15.5.2: each 401 has a challenge. The error itself is in the body. */
export function challengesOf(status: number): readonly string[] {
  return status === 401 ? bearerHeader : [];
}

const bearerHeader = ['WWW-Authenticate', bearerRealm];

/** CANCELLED, for a caller that is gone. */
export function callerGone(): ConnectError {
  return new ConnectError('the caller is gone', Code.Canceled);
}

/** INVALID_ARGUMENT for an undecodable request. The caller sees `why`, the library's message. */
export function malformedError(typeName: string, why?: string): ConnectError {
  const text = `the request is not a ${typeName} message`;
  return new ConnectError(why === undefined ? text : `${text}: ${why}`, Code.InvalidArgument);
}
