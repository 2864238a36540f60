/** Deadlines of unary calls: grpc-js itself knows only those that callers send. */

import { ServerInterceptingCall, type ServerInterceptor, status } from '@grpc/grpc-js';
import { awakeTimeout } from '../../timing/awake.ts';
import type { GrpcLimits } from '../rpc/grpc-limits.ts';
import { deadlineText } from '../rpc/rpc-error.ts';

/** Gives unary calls without a deadline one, and cuts longer ones than the server allows. */
export function limitDeadlines({
  deadlineMs,
  deadlineMsMax,
}: Pick<GrpcLimits, 'deadlineMs' | 'deadlineMsMax'>): ServerInterceptor {
  return ({ requestStream, responseStream }, call) => {
    const askedMs = Number(call.getDeadline()) - Date.now();
    if (requestStream || responseStream || askedMs <= deadlineMsMax) {
      return new ServerInterceptingCall(call);
    }
    const expire = () =>
      call.sendStatus({ code: status.DEADLINE_EXCEEDED, details: deadlineText, metadata: null });
    const timer = awakeTimeout(expire, Number.isFinite(askedMs) ? deadlineMsMax : deadlineMs);
    // Called once the call has ended in any way.
    const onCancel = () => timer.clear();
    return new ServerInterceptingCall(call, { start: next => next({ onCancel }) });
  };
}
