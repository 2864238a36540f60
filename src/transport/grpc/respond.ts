/** Answers calls on their streams. */

import { encodeFields } from '../h2/hpack/encoder.ts';
import { type PreparedAnswer, prepareAnswer } from '../h2/prepared-answer.ts';
import type { H2Stream } from '../h2/stream.ts';
import { failureOf, type OnBug } from '../rpc/failure.ts';
import { okTrailers, refusalHead, responseHead, responseHeadWith } from './answers.ts';
import type { PlainAnswer } from './plain-http.ts';
import type { UnaryCall } from './unary-call.ts';

/** Sends the answer to a unary call, prepared or in pieces. */
export function send(call: UnaryCall, answer: PreparedAnswer | readonly Buffer[]): void {
  const { stream, requestId } = call;
  call.outcome = 'OK';
  if (!('frames' in answer)) {
    const head = requestId === undefined ? responseHead : responseHeadWith(requestId);
    answerInPieces(stream, answer, head);
  } else if (requestId === undefined) {
    stream.answer(answer);
  } else {
    stream.answer(prepareAnswer(responseHeadWith(requestId), answer.data, okTrailers));
  }
}

/** Sends a message in pieces. */
function answerInPieces(stream: H2Stream, pieces: readonly Buffer[], head: Buffer): void {
  stream.respond(head);
  for (const piece of pieces) stream.write(piece);
  stream.end(okTrailers);
}

/** Answers what is not gRPC. */
export function answerPlain(stream: H2Stream, { status, headers, body }: PlainAnswer): void {
  stream.respond(encodeFields([[':status', String(status)], ...headers]), body === '');
  stream.write(Buffer.from(body));
  stream.end();
}

/** Ends a call with a status and no message. */
export function refuse(call: UnaryCall, thrown: unknown, onBug: OnBug): void {
  const { stream, requestId } = call;
  const failure = failureOf(thrown, onBug, requestId);
  if (stream.hasResponded) return;
  call.outcome = failure.code;
  stream.respond(refusalHead(requestId === undefined ? failure : { ...failure, requestId }), true);
}
