/**
 * Answers what is not gRPC on the gRPC listener: health checks of balancers that speak HTTP/2, and
 * requests that gRPC servers must refuse by their headers (gRPC over HTTP/2, "Requests").
 */

import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { createDeadlines } from '../rpc/deadlines.ts';
import { alive, isPing, type ProbeDeps, pinged, readiness } from '../rpc/probes.ts';
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

/** An answer in HTTP. */
interface Answer {
  status: number;
  value?: object;
  /** Names and values of other headers, alternating. */
  headers?: readonly string[];
}

/**
 * gRPC Compression: the answer to an encoding that is not known has the names of those that are. grpc-js
 * leaves them out.
 */
const unknownEncoding: Answer = {
  status: 200,
  headers: [
    ...['content-type', 'application/grpc+proto', 'grpc-accept-encoding', 'identity,deflate,gzip'],
    ...['grpc-status', String(codes.UNIMPLEMENTED)],
    ...['grpc-message', 'the encoding is not one of identity, deflate, gzip'],
  ],
};
const knownEncoding = /^(?:identity|deflate|gzip)$/;

/** gRPC with Protobuf; parameters are allowed, and media types have no case (RFC 9110 section 8.3.1). */
const grpcType = /^[ \t]*application\/grpc(?:\+proto)?[ \t]*(?:;|$)/i;

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
      send(stream, headers[':method'] === 'HEAD', answer);
      return true;
    },
    stop: deadlines.stop,
  };
}

function answerOf(headers: IncomingHttpHeaders, probes: ProbeDeps): Answer | undefined {
  const { ':method': method, ':path': path = '', 'content-type': type = '' } = headers;
  if (method === 'POST') {
    if (!grpcType.test(type)) return refusal(415, 'content type is not application/grpc');
    // grpc-js compares it letter by letter.
    headers['content-type'] = 'application/grpc';
    const { 'grpc-encoding': encoding = 'identity' } = headers;
    return knownEncoding.test(String(encoding)) ? undefined : unknownEncoding;
  }
  if (isPing(method, path)) {
    return { ...pinged(probes), headers: allow('GET, HEAD, POST, OPTIONS') };
  }
  const [plainPath] = path.split('?');
  const isProbe = plainPath === '/healthz' || plainPath === '/readyz';
  if (!isProbe) return refusal(405, 'method not allowed: gRPC has POST', allow('POST'));
  if (method !== 'GET' && method !== 'HEAD') {
    return refusal(405, 'method not allowed', allow('GET, HEAD'));
  }
  return plainPath === '/healthz' ? alive : readiness(probes);
}

const allow = (methods: string) => ['allow', methods];

function refusal(status: number, error: string, headers: readonly string[] = []): Answer {
  return { status, value: { error }, headers };
}

function send(stream: ServerHttp2Stream, isHead: boolean, answer: Answer): void {
  const { status, value, headers: others = [] } = answer;
  const body = value === undefined ? '' : JSON.stringify(value);
  const headers = [':status', String(status), 'cache-control', 'no-store', ...others];
  if (body !== '') {
    headers.push('content-type', 'application/json');
    headers.push('content-length', String(Buffer.byteLength(body)));
  }
  stream.on('error', ignore);
  stream.respond(headers, { endStream: isHead || body === '' });
  if (!isHead && body !== '') stream.end(body);
  stream.resume();
}

/** The caller has gone, so that there is nothing to answer. */
function ignore(): void {}
