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
import { deadlineOf } from '../rpc/grpc-timeout.ts';
import type { Binding, Unary } from '../rpc/handlers.ts';
import { httpCall } from '../rpc/http-call.ts';
import { type HeldRequest, type RequestBytes, tooManyBytes } from '../rpc/request-bytes.ts';
import { codes, RpcError } from '../rpc/rpc-error.ts';
import type { UnreadAccount } from '../rpc/unread-accounts.ts';
import { statusDetails } from './error.ts';
import type { GrpcLimits } from './limits.ts';
import { streamBytes, type UnaryCall } from './readers.ts';

/** Answers plain unary calls. */
export interface UnaryPath {
  /**
   * Answers the call and returns true, or false when grpc-js must answer it. The account is that of
   * the call's connection.
   */
  take(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, account: UnreadAccount): boolean;
  /** The calls that it took and that are not over. */
  open(): Iterable<UnaryCall>;
  /** Stops the deadline timer. */
  stop(): void;
}

interface Route {
  method: DescMethod;
  handler: Unary<DescMethod>;
}

/** What the path reports, and shares with other listeners. */
export interface UnaryGuard {
  requests: RequestBytes;
  /** Called for each call that is refused because requests hold too many bytes. */
  requestRefused(): void;
  /** Called for each call whose answer is not read within its deadline. */
  unreadClosed(reason: 'deadline'): void;
}

interface Call extends UnaryCall {
  route: Route;
  onBug: OnBug;
  account: UnreadAccount;
  /** What the account holds for it. */
  unreadBytes: number;
  /** What has arrived of the request. */
  body: Buffer;
  request: HeldRequest;
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
 * closed: a caller that does not read its answer takes up memory.
 */
export function createUnaryPath(
  bindings: readonly Binding[],
  limits: GrpcLimits,
  onBug: OnBug,
  guard: UnaryGuard,
): UnaryPath {
  const routes = new Map<string, Route>();
  for (const { service, handlers } of bindings) {
    for (const method of service.methods) {
      if (method.methodKind !== 'unary') continue;
      const handler = handlers[method.localName] as Unary<DescMethod>;
      routes.set(`/${service.typeName}/${method.name}`, { method, handler });
    }
  }
  const deadlines = createDeadlines<Call>(({ stream }) => {
    if (stream.destroyed) return undefined;
    if (!stream.headersSent) {
      refuse(stream, new RpcError('DEADLINE_EXCEEDED', 'the deadline has passed'), onBug);
      return limits.halfOpenMs;
    }
    if (stream.writableLength > 0) guard.unreadClosed('deadline');
    stream.close(constants.NGHTTP2_CANCEL);
    return undefined;
  });
  return {
    take(stream, headers, account) {
      const route = routes.get(headers[':path'] as string);
      if (route === undefined || !isPlain(headers)) return false;
      const deadlineMs = deadlineOf(headers['grpc-timeout'], limits);
      if (deadlineMs === undefined) return false;
      const request = guard.requests.open(() => {
        call.body = nothing;
        guard.requestRefused();
        refuse(stream, tooManyBytes(), onBug);
      });
      const call: Call = {
        ...{ stream, route, onBug, account, request },
        ...{ isWaiting: false, unreadBytes: 0, body: nothing },
      };
      const watched = deadlines.watch(call, deadlineMs);
      stream.on('close', () => {
        watched.forget();
        request.end();
        account.free(call.unreadBytes);
      });
      receive(call, headers, limits.receiveBytesMax);
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
  const { stream, request } = call;
  stream.on('error', ignore);
  stream.on('data', (chunk: Buffer) => {
    if (stream.headersSent) return;
    call.body = call.body.length === 0 ? chunk : Buffer.concat([call.body, chunk]);
    request.add(chunk.length);
    if (call.body.length <= bytesMax + frameHeadBytes) return;
    call.body = nothing;
    const text = `the request is longer than ${bytesMax} bytes`;
    fail(new RpcError('RESOURCE_EXHAUSTED', text), call);
  });
  stream.on('end', () => {
    if (call.account.hasRoom()) return answer(call, headers, bytesMax);
    call.isWaiting = true;
    call.account.wait(() => answer(call, headers, bytesMax));
  });
}

function answer(call: Call, headers: IncomingHttpHeaders, bytesMax: number): void {
  const { stream, route, body } = call;
  call.isWaiting = false;
  // The stream may wait for its caller; the request need not.
  call.body = nothing;
  if (stream.headersSent || stream.destroyed) return;
  try {
    const request = messageOf(route.method, body, bytesMax);
    const message = route.handler(request, httpCall('grpc', headers, stream, peerOf));
    mapAwaitable(message, send, fail, call);
  } catch (error) {
    fail(error, call);
  }
}

/** Two functions for all calls, to save each of them two closures. */
function send(message: MessageShape<DescMethod['output']>, call: Call): void {
  const { stream, route } = call;
  call.request.end();
  const frame = frameOf(route.method.output, message, encode);
  if (stream.headersSent || stream.destroyed) return;
  call.unreadBytes = frame.length + streamBytes;
  call.account.hold(call.unreadBytes);
  stream.respond(responseHeaders, responseOptions);
  stream.on('wantTrailers', sendOk);
  stream.end(frame);
}

function fail(error: unknown, { stream, request, onBug }: Call): void {
  request.end();
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
