/** What a decision saw, step by step. Only administrators may see it. */

import type { AccessTokenRecord } from '../store/record.ts';

/** What a step looked at, in the order of a decision. */
export type Check =
  | 'header'
  | 'form'
  | 'access token'
  | 'secret'
  | 'claims'
  | 'time'
  | 'revocation'
  | 'source'
  | 'audience'
  | 'scopes'
  | 'limits';

/** A step of a decision. */
export interface Step {
  check: Check;
  passed: boolean;
  /**
   * What the step saw, for people. Never a part of the token, a secret, or text that the signer of a
   * JWT chose.
   */
  detail: string;
}

/**
 * Takes each step as it is decided. The decision passes one along only where someone asked for an
 * explanation, and makes no detail without it.
 */
export type Trace = (check: Check, passed: boolean, detail: string) => void;

/** Who watches a decision. */
export interface Watched {
  trace: Trace;
  /** Whether they may see an access token; to others it does not exist. */
  canSee(record: AccessTokenRecord): boolean;
}

/** A time in milliseconds since 1970 as text, or as seconds beyond what a Date can hold. */
export function timeText(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? `${ms / 1000} s after 1970` : date.toISOString();
}

/** A number of things that are at hand, such as "1 scope" and "2 scopes". */
export function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}
