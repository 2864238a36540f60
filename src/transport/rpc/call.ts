/** What a handler may know of the call it serves, whichever wire it came over. */

import type { Awaitable } from '../../store/awaitable.ts';
import type { Verdict } from '../../verify/verdict.ts';
import type { Question } from '../../verify/verify.ts';

/** The wires and doors, as metrics name them. */
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
 * The verdict on what is asked at a door, at once where it is in memory; counted under the door's name.
 * Throws Unavailable.
 */
export type DoorVerify = (question: Question, door: Door) => Awaitable<Verdict>;

/** A call. */
export interface Call {
  readonly door: Door;
  /** All values of a header or metadata key (lower case), as many as were sent. */
  header(name: string): readonly string[];
  /** The peer's address, as the socket says. */
  readonly peer: string;
  /** Aborts when the caller is gone or the deadline has passed. */
  readonly signal: AbortSignal;
}

/** The call's Authorization header. Several are joined by a comma, which no credential holds. */
export function authorization(call: Call): string {
  return call.header('authorization').join(', ');
}
