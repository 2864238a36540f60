/** Answers calls on their streams. */

import { encodeFields } from '../h2/hpack/encoder.ts';
import type { H2Stream } from '../h2/stream.ts';
import { failureOf, type OnBug } from '../rpc/failure.ts';
import { okTrailers, refusalHead, responseHead } from './answers.ts';
import type { PlainAnswer } from './plain-http.ts';

/** Sends a message in pieces. */
export function answerInPieces(stream: H2Stream, pieces: readonly Buffer[]): void {
  stream.respond(responseHead);
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
export function refuse(stream: H2Stream, thrown: unknown, onBug: OnBug): void {
  const failure = failureOf(thrown, onBug);
  if (!stream.hasResponded) stream.respond(refusalHead(failure), true);
}
