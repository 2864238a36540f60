/**
 * Answers unary gRPC calls on their HTTP/2 stream itself. What grpc-js does for a call costs more than
 * the verdict: the bench has both in one table. Whatever is not plain is left to grpc-js: streams,
 * compressed requests, odd headers.
 */

import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { DescMethod, MessageShape } from '@bufbuild/protobuf';
import { decode } from '../codec/decode.ts';
import { encode } from '../codec/encode.ts';
import { frameOf } from '../codec/kept-bytes.ts';
import { createDeadlines, type Watched } from '../rpc/deadlines.ts';
import { type Failure, failureOf, type OnBug } from '../rpc/failure.ts';
import { deadlineOf } from '../rpc/grpc-timeout.ts';
import type { Binding, Unary } from '../rpc/handlers.ts';
import { httpCall } from '../rpc/http-call.ts';
import { codes, RpcError } from '../rpc/rpc-error.ts';
import { statusDetails } from './error.ts';
import type { GrpcLimits } from './limits.ts';

/** Takes calls from the HTTP/2 sessions. */
export interface UnaryPath {
  /** Answers the call, or says false and leaves it alone. */
  take(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): boolean;
  /** Ends the timer. */
  stop(): void;
}

interface Route {
  method: DescMethod;
  handler: Unary<DescMethod>;
}

const frameHeadBytes = 5;
const responseHeaders = [':status', '200', 'content-type', 'application/grpc+proto'];
const responseOptions = { waitForTrailers: true };
const okTrailers = { 'grpc-status': '0' };
const nothing = Buffer.alloc(0);
/** The subtypes of gRPC that hold protobuf. */
const contentType = /^application\/grpc(?:\+proto)?$/;

/** Makes the path for the unary methods of some services. */
export function createUnaryPath(
  bindings: readonly Binding[],
  limits: GrpcLimits,
  onBug: OnBug,
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
      receive(stream, headers, route, limits.receiveBytesMax, watched, onBug);
      return true;
    },
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

/** Collects the request's bytes, and answers when the caller has sent all. */
function receive(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  route: Route,
  bytesMax: number,
  watched: Watched<ServerHttp2Stream>,
  onBug: OnBug,
): void {
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
    if (stream.headersSent || stream.destroyed) return watched.forget();
    try {
      const request = messageOf(route.method, received, bytesMax);
      const answer = route.handler(request, httpCall('grpc', headers, stream, peerOf));
      if (!(answer instanceof Promise)) return send(answer);
      answer.then(send).catch(fail);
    } catch (error) {
      fail(error);
    }
  });

  const send = (message: MessageShape<DescMethod['output']>) => {
    const frame = frameOf(route.method.output, message, encode);
    watched.forget();
    if (stream.headersSent || stream.destroyed) return;
    stream.respond(responseHeaders, responseOptions);
    stream.on('wantTrailers', sendOk);
    stream.end(frame);
  };
  const fail = (error: unknown) => {
    watched.forget();
    refuse(stream, error, onBug);
  };
}

function sendOk(this: ServerHttp2Stream): void {
  this.sendTrailers(okTrailers);
}

function ignore(): void {}

/** The one message that the caller sent. */
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

/** Answers with a status and no message ("Trailers-Only"). */
function refuse(stream: ServerHttp2Stream, thrown: unknown, onBug: OnBug): void {
  const failure = failureOf(thrown, onBug);
  if (stream.headersSent || stream.destroyed) return;
  stream.respond([...responseHeaders, ...statusHeaders(failure)], { endStream: true });
}

function statusHeaders(failure: Failure): string[] {
  const headers = ['grpc-status', String(codes[failure.code])];
  // A lone surrogate cannot be percent-encoded.
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
