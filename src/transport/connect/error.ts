/** Converts errors to those of the Connect protocol. */

import { Code, ConnectError } from '@connectrpc/connect';
import { codeToHttpStatus, errorToJson } from '@connectrpc/connect/protocol-connect';
import { BadRequestSchema } from '../../gen/google/rpc/error_details_pb.ts';
import { DenialSchema } from '../../gen/usher/v1/verifier_pb.ts';
import { badRequest, type Failure, failureOf, type OnBug } from '../rpc/failure.ts';
import { codes } from '../rpc/rpc-error.ts';

/** The Connect error for a thrown value. */
export function connectError(thrown: unknown, onBug: OnBug): ConnectError {
  if (thrown instanceof ConnectError) return thrown;
  const failure = failureOf(thrown, onBug);
  return new ConnectError(failure.message, codes[failure.code], undefined, detailsOf(failure));
}

function detailsOf({ denial, violations }: Failure) {
  if (violations) return [{ desc: BadRequestSchema, value: badRequest(violations) }];
  return denial ? [{ desc: DenialSchema, value: denial }] : [];
}

/** The HTTP status and JSON body of an error of a unary call. */
export function connectErrorAnswer(error: ConnectError): { status: number; text: string } {
  const text = JSON.stringify(errorToJson(error, {}));
  return { status: codeToHttpStatus(error.code), text };
}

/** INVALID_ARGUMENT for an undecodable request. The caller sees `why`, the library's message. */
export function malformedError(typeName: string, why?: string): ConnectError {
  const text = `the request is not a ${typeName} message`;
  return new ConnectError(why === undefined ? text : `${text}: ${why}`, Code.InvalidArgument);
}
