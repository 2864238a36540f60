/** Errors as the Connect protocol tells them. */

import { Code, ConnectError } from '@connectrpc/connect';
import { codeToHttpStatus, errorToJson } from '@connectrpc/connect/protocol-connect';
import { DenialSchema } from '../../gen/usher/v1/verifier_pb.ts';
import { failureOf, type OnBug } from '../rpc/failure.ts';
import { codes } from '../rpc/rpc-error.ts';

/** The error that goes with a thrown value. */
export function connectError(thrown: unknown, onBug: OnBug): ConnectError {
  if (thrown instanceof ConnectError) return thrown;
  const { code, message, denial } = failureOf(thrown, onBug);
  const details = denial ? [{ desc: DenialSchema, value: denial }] : [];
  return new ConnectError(message, codes[code], undefined, details);
}

/** The HTTP status and the JSON text of an error that answers a unary call. */
export function connectErrorAnswer(error: ConnectError): { status: number; text: string } {
  const text = JSON.stringify(errorToJson(error, {}));
  return { status: codeToHttpStatus(error.code), text };
}

/** A message that could not be read. `why` is the library's word for it, and goes to the caller. */
export function malformedError(typeName: string, why?: string): ConnectError {
  const text = `the request is not a ${typeName} message`;
  return new ConnectError(why === undefined ? text : `${text}: ${why}`, Code.InvalidArgument);
}
