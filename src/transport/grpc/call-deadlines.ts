/** Ends the calls of a listener whose deadline has passed. */

import { errorCodes } from '../h2/frame.ts';
import { createDeadlines, type Deadlines } from '../rpc/deadlines.ts';
import type { OnBug } from '../rpc/failure.ts';
import type { GrpcLimits } from '../rpc/grpc-limits.ts';
import type { ProbeDeps } from '../rpc/probes.ts';
import { deadlineText, RpcError } from '../rpc/rpc-error.ts';
import { plainAnswer } from './plain-http.ts';
import { answerPlain, refuse } from './respond.ts';
import { StreamCall } from './stream-call.ts';
import type { UnaryCall } from './unary-call.ts';

/** A call in progress. */
export type AnyCall = UnaryCall | StreamCall;

/** The deadlines of all calls of a listener. `onUnread` is called for an answer that was not read. */
export function createCallDeadlines(
  { lastWordMs }: Pick<GrpcLimits, 'lastWordMs'>,
  probes: ProbeDeps,
  onBug: OnBug,
  onUnread: () => void,
): Deadlines<AnyCall> {
  return createDeadlines(call => {
    const { stream } = call;
    if (stream.isClosed) return undefined;
    if (call instanceof StreamCall) {
      call.expire();
      return undefined;
    }
    if (!stream.hasResponded && 'isGrpc' in call.head) {
      answerPlain(stream, plainAnswer(call.head.request, probes));
      return lastWordMs;
    }
    if (!stream.hasResponded) {
      call.done();
      refuse(call, new RpcError('DEADLINE_EXCEEDED', deadlineText), onBug);
      return lastWordMs;
    }
    if (stream.queuedBytes > 0) onUnread();
    stream.reset(errorCodes.cancel);
    return undefined;
  });
}
