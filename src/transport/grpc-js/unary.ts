/**
 * Answers plain unary gRPC calls directly on their HTTP/2 stream, because grpc-js costs more per
 * call than the verdict (the benchmark compares both). Streaming calls, compressed requests and
 * unusual headers are left to grpc-js.
 */

import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { DescMethod, MessageShape } from '@bufbuild/protobuf';
import { mapAwaitable } from '../../store/awaitable.ts';
import { decode } from '../codec/decode.ts';
import { encode } from '../codec/encode.ts';
import { frameOf } from '../codec/encoded-cache.ts';
import { createDeadlines } from '../rpc/deadlines.ts';
import { type Failure, failureOf, type OnBug } from '../rpc/failure.ts';
import type { GrpcLimits } from '../rpc/grpc-limits.ts';
import { deadlineOf } from '../rpc/grpc-timeout.ts';
import type { Binding, Unary } from '../rpc/handlers.ts';
import { httpCall } from '../rpc/http-call.ts';
import { codes, RpcError } from '../rpc/rpc-error.ts';
import { statusDetails } from '../rpc/status-details.ts';

/** Answers plain unary calls. */
export interface UnaryPath {
  /** Answers the call and returns true, or false when grpc-js must answer it. */
  take(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): boolean;
  /** The streams of the calls that it took and that are not over. */
  open(): Iterable<ServerHttp2Stream>;
  /** Stops the deadline timer. */
  stop(): void;
}

interface Route {
  method: DescMethod;
  handler: Unary<DescMethod>;
}

interface Call {
  stream: ServerHttp2Stream;
  route: Route;
  onBug: OnBug;
}

const frameHeadBytes = 5;
const responseHeaders = [':status', '200', 'content-type', 'application/grpc+proto'];
const responseOptions = { waitForTrailers: true };
const okTrailers = { 'grpc-status': '0' };
const nothing = Buffer.alloc(0);
/** The gRPC content types that carry Protobuf. */
const contentType = /^application\/grpc(?:\+proto)?$/;

/**
 * The path for all unary methods of these services. The deadline of a call holds until its stream is
 * closed: a caller that does not read its answer takes up memory. `onUnread` is called for each.
 */
export function createUnaryPath(
  bindings: readonly Binding[],
  limits: GrpcLimits,
  onBug: OnBug,
  onUnread: () => void,
): UnaryPath {
  const routes = new Map<string, Route>();
  for (const { service, handlers } of bindings) {
    for (const method of service.methods) {
      if (method.methodKind !== 'unary') continue;
      const handler = handlers[method.localName] as Unary<DescMethod>;
      routes.set(`/${service.typeName}/${method.name}`, { method, handler });
    }
  }
  const deadlines = createDeadlines<ServerHttp2Stream>(stream => {
    if (stream.destroyed) return undefined;
    if (!stream.headersSent) {
      refuse(stream, new RpcError('DEADLINE_EXCEEDED', 'the deadline has passed'), onBug);
      return limits.halfOpenMs;
    }
    if (stream.writableLength > 0) onUnread();
    stream.close(constants.NGHTTP2_CANCEL);
    return undefined;
  });
  return {
    take(stream, headers) {
      const route = routes.get(headers[':path'] as string);
      if (route === undefined || !isPlain(headers)) return false;
      const deadlineMs = deadlineOf(headers['grpc-timeout'], limits);
      if (deadlineMs === undefined) return false;
      const watched = deadlines.watch(stream, deadlineMs);
      stream.on('close', () => watched.forget());
      receive({ stream, route, onBug }, headers, limits.receiveBytesMax);
      return true;
    },
    open: deadlines.open,
    stop: deadlines.stop,
  };
}

function isPlain(headers: IncomingHttpHeaders): boolean {
  const encoding = headers['grpc-encoding'];
  return (
    headers[':method'] === 'POST' &&
    contentType.test(headers['content-type'] ?? '') &&
    (encoding === undefined || encoding === 'identity')
  );
}

/** Collects the request's bytes and answers once the caller has half-closed the stream. */
function receive(call: Call, headers: IncomingHttpHeaders, bytesMax: number): void {
  const { stream, route, onBug } = call;
  let received: Buffer = nothing;
  stream.on('error', ignore);
  stream.on('data', (chunk: Buffer) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    if (received.length <= bytesMax + frameHeadBytes) return;
    received = nothing;
    const text = `the request is longer than ${bytesMax} bytes`;
    refuse(stream, new RpcError('RESOURCE_EXHAUSTED', text), onBug);
  });
  stream.on('end', () => {
    if (stream.headersSent || stream.destroyed) return;
    const body = received;
    // The stream may wait for its caller; the request need not.
    received = nothing;
    try {
      const request = messageOf(route.method, body, bytesMax);
      const answer = route.handler(request, httpCall('grpc', headers, stream, peerOf));
      mapAwaitable(answer, send, fail, call);
    } catch (error) {
      fail(error, call);
    }
  });
}

/** Two functions for all calls, to save each of them two closures. */
function send(message: MessageShape<DescMethod['output']>, { stream, route }: Call): void {
  const frame = frameOf(route.method.output, message, encode);
  if (stream.headersSent || stream.destroyed) return;
  stream.respond(responseHeaders, responseOptions);
  stream.on('wantTrailers', sendOk);
  stream.end(frame);
}

function fail(error: unknown, { stream, onBug }: Call): void {
  refuse(stream, error, onBug);
}

function sendOk(this: ServerHttp2Stream): void {
  this.sendTrailers(okTrailers);
}

function ignore(): void {}

/** The single request message; throws RpcError when it is not exactly one valid message. */
function messageOf(
  method: DescMethod,
  received: Buffer,
  bytesMax: number,
): MessageShape<DescMethod['input']> {
  const length = received.length < frameHeadBytes ? -1 : received.readUInt32BE(1);
  if (length > bytesMax) {
    throw new RpcError('RESOURCE_EXHAUSTED', `the request is longer than ${bytesMax} bytes`);
  }
  if (length !== received.length - frameHeadBytes) {
    throw new RpcError('UNIMPLEMENTED', 'a unary call has exactly one whole request message');
  }
  if (received[0] !== 0) {
    throw new RpcError('INTERNAL', 'the request is compressed, but no encoding is named');
  }
  try {
    return decode(method.input, received.subarray(frameHeadBytes));
  } catch {
    throw new RpcError('INVALID_ARGUMENT', `the request is not a ${method.input.typeName} message`);
  }
}

/** Answers with a status and no message (Trailers-Only in the gRPC over HTTP/2 protocol). */
function refuse(stream: ServerHttp2Stream, thrown: unknown, onBug: OnBug): void {
  const failure = failureOf(thrown, onBug);
  if (stream.headersSent || stream.destroyed) return;
  stream.respond([...responseHeaders, ...statusHeaders(failure)], { endStream: true });
}

function statusHeaders(failure: Failure): string[] {
  const headers = ['grpc-status', String(codes[failure.code])];
  // encodeURI throws for a lone surrogate.
  headers.push('grpc-message', encodeURI(failure.message.toWellFormed()));
  if (failure.denial) {
    const details = statusDetails(failure, failure.denial).toString('base64');
    headers.push('grpc-status-details-bin', details);
  }
  return headers;
}

function peerOf({ session }: ServerHttp2Stream): string | undefined {
  return session?.socket.remoteAddress;
}
