/** The access log: a line for each call that is over. */

import type { Call, CallMarks } from './call.ts';
import type { Origins } from './client-address.ts';
import type { CodeName } from './rpc-error.ts';

/** What a line says. Nothing that a caller chose but its id and its address. */
export interface Access {
  /** Such as "grpc" or "forward-auth"; the listener where it has no name of its own. */
  door: string;
  /** The method of HTTP; absent over gRPC. */
  method?: string;
  /** The rpc, or the path of the route without what clients append; "" where there is none. */
  path: string;
  /** The status of HTTP, or the name of gRPC's; 499 or CANCELLED where the caller left before. */
  status: number | 'OK' | CodeName;
  /** Until the answer was sent, in milliseconds. */
  durationMs: number;
  /** The address of the caller, behind trusted proxies. */
  source: string;
}

/** Writes the lines. */
export interface AccessLog {
  /** Whether lines are written now. */
  readonly isOn: boolean;
  write(access: Access, marks: CallMarks): void;
  /** Finds the addresses of callers. */
  readonly origins: Origins;
}

/** Since a time of performance.now(), in milliseconds with three digits. */
export function msSince(beganMs: number): number {
  return Math.round((performance.now() - beganMs) * 1000) / 1000;
}

/** The line of an rpc that is over; `beganMs` is of performance.now(). */
export function accessOf(
  { origins }: AccessLog,
  call: Pick<Call, 'door' | 'peer' | 'header'>,
  path: string,
  status: Access['status'],
  beganMs: number,
): Access {
  const source = origins.call(call).address;
  return { door: call.door, path, status, durationMs: msSince(beganMs), source };
}
