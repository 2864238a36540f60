/** What a handler can learn about its call, the same for every protocol. */

import type { Awaitable } from '../../store/awaitable.ts';
import type { VerifyCaller } from '../../tokens/verify-callers.ts';
import type { TraceHeaders, TraceIds } from '../../tracing/tracing.ts';
import type { Verdict } from '../../verify/verdict.ts';
import type { Question } from '../../verify/verify.ts';
import { joinAuthorization } from './authorization.ts';

/** The ways to ask for a verdict, by their names in metrics. */
export type Door =
  | 'grpc'
  | 'connect'
  | 'grpc-web'
  | 'root'
  | 'manager'
  | 'envoy-grpc'
  | 'envoy-http'
  | 'forward-auth'
  | 'introspect'
  | 'revoke';

/**
 * The verdict on a question; without a wait if it is cached. It is counted in the metrics under the
 * name of the door, and for the caller, to which the tokens of other owners than its own are invalid.
 * Throws Unavailable.
 */
export type DoorVerify = (
  question: Omit<Question, 'owners'>,
  door: Door,
  caller?: VerifyCaller,
) => Awaitable<Verdict>;

/** What finds a call again, in the log and in traces. */
export interface CallMarks extends TraceHeaders {
  /**
   * Its id: that of the caller, if it is well-formed, or one that was made (`request-id.ts`). The caller gets
   * it with the answer, so that it may be set until then. Absent or undefined while nothing needs one.
   */
  requestId?: string | undefined;
  /** The ids of its span, if it is traced; for its line in the access log. */
  traceIds?: TraceIds | undefined;
}

/** The context of one call. */
export interface Call extends CallMarks {
  /** How the call came in, for metrics. */
  readonly door: Door;
  /** All values of a header or metadata key, given in lower case. */
  header(name: string): readonly string[];
  /** The IP address of the socket's peer; "" once it has closed. */
  readonly peer: string;
  /**
   * The DNS names and URIs, such as `spiffe://…`, in the SAN of the caller's client certificate, if it
   * is verified against the CA of the listener; empty otherwise. They can end during a call: with the
   * certificate, and when its CA is removed.
   */
  readonly clientNames: readonly string[];
  /** Aborts when the caller disconnects or cancels, or the deadline has passed. */
  readonly signal: AbortSignal;
  /**
   * Says that the call asks for so many verdicts, so that the calls of other connections get their turn.
   * Absent where those of a connection come one by one.
   */
  asks?(verdicts: number): void;
}

/** The names of a caller without a verified client certificate. */
export const noClientNames: readonly string[] = [];

/** The Authorization header of a call. */
export function authorization(call: Call): string {
  return joinAuthorization(call.header('authorization'));
}
