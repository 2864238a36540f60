/** Maps what a handler threw to the error that the caller receives, the same for every protocol. */

import { randomUUID } from 'node:crypto';
import type { Denial } from '../../gen/usher/v1/verifier_pb.ts';
import { Unavailable } from '../../store/store.ts';
import { TokenError } from '../../tokens/errors.ts';
import type { CodeName } from './rpc-error.ts';
import { RpcError } from './rpc-error.ts';

/** The error that the caller receives. */
export interface Failure {
  /** The gRPC status code. */
  code: CodeName;
  /** Contains no token, secret or claim. */
  message: string;
  /** Set when the error is a negative verdict. */
  denial?: Denial;
}

/** Called with each unexpected error and a new request id, for the log. */
export type OnBug = (error: unknown, requestId: string) => void;

/** The message when the store's failure leaves a verdict or the result of a change unknown. */
export const unavailableText = 'the store cannot be reached; ask again';

/** The failure for a thrown value. Unexpected errors become INTERNAL, without their text. */
export function failureOf(thrown: unknown, onBug: OnBug): Failure {
  if (thrown instanceof RpcError) {
    const { code, message, denial } = thrown;
    return denial ? { code, message, denial } : { code, message };
  }
  if (thrown instanceof TokenError) return { code: thrown.code, message: thrown.message };
  if (thrown instanceof Unavailable) return { code: 'UNAVAILABLE', message: unavailableText };
  onBug(thrown, randomUUID());
  return { code: 'INTERNAL', message: 'internal error' };
}
