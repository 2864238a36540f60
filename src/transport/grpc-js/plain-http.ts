/** Answers what is not gRPC before grpc-js sees it, and encodings that are not known. */

import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { createDeadlines } from '../rpc/deadlines.ts';
import { isGrpc, type PlainAnswer, plainAnswer } from '../rpc/plain-http.ts';
import type { ProbeDeps } from '../rpc/probes.ts';
import { codes } from '../rpc/rpc-error.ts';

/** Answers requests that are not gRPC. */
export interface PlainPath {
  /**
   * Answers the request and returns true, or returns false for a gRPC call, whose content type it
   * corrects.
   */
  take(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): boolean;
  /** Stops the timer. */
  stop(): void;
}

/**
 * gRPC Compression: the answer to an encoding that is not known has the names of those that are. grpc-js
 * leaves them out.
 */
const unknownEncoding: PlainAnswer = {
  status: 200,
  headers: [
    ['content-type', 'application/grpc+proto'],
    ['grpc-accept-encoding', 'identity,deflate,gzip'],
    ['grpc-status', String(codes.UNIMPLEMENTED)],
    ['grpc-message', 'the encoding is not one of identity, deflate, gzip'],
  ],
  body: '',
};
const knownEncoding = /^(?:identity|deflate|gzip)$/;

/** Takes all that is not gRPC. A caller that keeps its side open has `halfOpenMs` milliseconds. */
export function createPlainPath(probes: ProbeDeps, halfOpenMs: number): PlainPath {
  const deadlines = createDeadlines<ServerHttp2Stream>(stream => {
    stream.close(constants.NGHTTP2_NO_ERROR);
    return undefined;
  });
  return {
    take(stream, headers) {
      const answer = answerOf(headers, probes);
      if (answer === undefined) return false;
      const watched = deadlines.watch(stream, halfOpenMs);
      stream.on('close', () => watched.forget());
      send(stream, answer);
      return true;
    },
    stop: deadlines.stop,
  };
}

function answerOf(headers: IncomingHttpHeaders, probes: ProbeDeps): PlainAnswer | undefined {
  const { ':method': method, ':path': path = '', 'content-type': contentType = '' } = headers;
  const request = { method, path, contentType };
  if (!isGrpc(request)) return plainAnswer(request, probes);
  // grpc-js compares it letter by letter.
  headers['content-type'] = 'application/grpc';
  const { 'grpc-encoding': encoding = 'identity' } = headers;
  return knownEncoding.test(String(encoding)) ? undefined : unknownEncoding;
}

function send(stream: ServerHttp2Stream, { status, headers, body }: PlainAnswer): void {
  stream.on('error', ignore);
  stream.respond([':status', String(status), ...headers.flat()], { endStream: body === '' });
  if (body !== '') stream.end(body);
  stream.resume();
}

/** The caller has gone, so that there is nothing to answer. */
function ignore(): void {}
