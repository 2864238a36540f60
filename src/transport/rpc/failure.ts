/** Turns whatever a handler threw into what the caller is told, the same over every wire. */

import { randomUUID } from 'node:crypto';
import type { Denial } from '../../gen/usher/v1/verifier_pb.ts';
import { Unavailable } from '../../store/store.ts';
import { TokenError } from '../../tokens/errors.ts';
import type { CodeName } from './rpc-error.ts';
import { RpcError } from './rpc-error.ts';

/** What the caller of a failed call is told. */
export interface Failure {
  code: CodeName;
  /** Holds no token, secret or claim. */
  message: string;
  /** Set when the error is a verdict. */
  denial?: Denial;
}

/** Is told of errors that are bugs: for the log, under an id of its own. */
export type OnBug = (error: unknown, requestId: string) => void;

/** What a caller is told when the verdict or the change cannot be known. */
export const unavailableText = 'the store cannot be reached; ask again';

/** The failure that goes with a thrown value. Anything unexpected is a bug: its text stays inside. */
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
