/** Deadlines of rpcs over HTTP: none too long for a timer, and one for unary calls without. */

import type { IncomingHttpHeaders } from 'node:http';
import { clampGrpcTimeout, timerMsMax } from '../rpc/grpc-timeout.ts';

/** Cuts the deadline in a call's headers to what is allowed, and sets one where there is none. */
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
