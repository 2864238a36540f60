/** Limits the deadlines of Connect and gRPC-Web calls before connect-node reads them. */

import type { IncomingHttpHeaders } from 'node:http';
import { clampGrpcTimeout, timerMsMax } from '../rpc/grpc-timeout.ts';

/**
 * Cuts the deadline in a call's headers to the limit, for a stream to what a timer can hold. A
 * unary call without a deadline gets the default one.
 */
export function clampTimeout(
  headers: IncomingHttpHeaders,
  unary: boolean,
  limits: { deadlineMs: number; deadlineMsMax: number },
): void {
  const most = unary ? limits.deadlineMsMax : timerMsMax;
  const grpcWeb = headers['content-type']?.startsWith('application/grpc') ?? false;
  const name = grpcWeb ? 'grpc-timeout' : 'connect-timeout-ms';
  const asked = headers[name];
  if (asked === undefined) {
    if (unary) headers[name] = grpcWeb ? `${limits.deadlineMs}m` : String(limits.deadlineMs);
  } else if (grpcWeb) {
    headers[name] = clampGrpcTimeout(asked, most);
  } else if (/^\d{1,10}$/.test(String(asked))) {
    headers[name] = String(Math.min(Number(asked), most));
  }
}
