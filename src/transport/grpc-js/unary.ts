/**
 * Answers plain unary gRPC calls directly on their HTTP/2 stream, because grpc-js costs more per
 * call than the verdict (the benchmark compares both). Streaming calls, compressed requests and
 * unusual headers are left to grpc-js.
 */

import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { DescMethod, MessageShape } from '@bufbuild/protobuf';
import { mapAwaitable } from '../../store/awaitable.ts';
import { encode } from '../codec/encode.ts';
import { framesOf } from '../codec/encoded-cache.ts';
import { createDeadlines, type Watched } from '../rpc/deadlines.ts';
import { type Failure, failureOf, type OnBug } from '../rpc/failure.ts';
import type { GrpcLimits } from '../rpc/grpc-limits.ts';
import { deadlineOf } from '../rpc/grpc-timeout.ts';
import type { Binding, Unary } from '../rpc/handlers.ts';
import { HttpCall } from '../rpc/http-call.ts';
import { type HeldRequest, joined, type RequestBytes, tooManyBytes } from '../rpc/request-bytes.ts';
import { codes, RpcError } from '../rpc/rpc-error.ts';
import { statusDetails } from '../rpc/status-details.ts';
import type { UnreadAccount } from '../rpc/unread-accounts.ts';
import { streamBytes, type UnaryCall } from './readers.ts';
import { frameHeadBytes, messageOf } from './request-message.ts';

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

/** What all calls have in common. */
interface Context {
  guard: UnaryGuard;
  limits: GrpcLimits;
  onBug: OnBug;
}

const responseHeaders = [':status', '200', 'content-type', 'application/grpc+proto'];
const responseOptions = { waitForTrailers: true };
const okTrailers = { 'grpc-status': '0' };
const nothing: Buffer[] = [];

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
  const context: Context = { guard, limits, onBug };
  const deadlines = createDeadlines<Call>(call => call.expire());
  return {
    take(stream, headers, account) {
      const route = routes.get(headers[':path'] as string);
      if (route === undefined || !isPlain(headers)) return false;
      const deadlineMs = deadlineOf(headers['grpc-timeout'], limits);
      if (deadlineMs === undefined) return false;
      const call = new Call(context, stream, headers, route, account);
      call.watched = deadlines.watch(call, deadlineMs);
      (stream as CallStream)[callKey] = call;
      stream.on('error', ignore);
      stream.on('data', onData);
      stream.on('end', onEnd);
      stream.on('close', onClose);
      return true;
    },
    open: deadlines.open,
    stop: deadlines.stop,
  };
}

function isPlain(headers: IncomingHttpHeaders): boolean {
  const encoding = headers['grpc-encoding'];
  return encoding === undefined || encoding === 'identity';
}

/** A call: one object with all that the limits count of it. */
class Call implements UnaryCall, HeldRequest {
  readonly stream: ServerHttp2Stream;
  isWaiting = false;
  heldBytes = 0;
  /** Undefined only until the path has set it. */
  watched: Watched<Call> | undefined;
  readonly #context: Context;
  readonly #headers: IncomingHttpHeaders;
  readonly #route: Route;
  readonly #account: UnreadAccount;
  /** What the account holds for it. */
  #unreadBytes = 0;
  /** What has arrived of the request. */
  #chunks = nothing;

  constructor(
    context: Context,
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    route: Route,
    account: UnreadAccount,
  ) {
    this.stream = stream;
    this.#context = context;
    this.#headers = headers;
    this.#route = route;
    this.#account = account;
  }

  receive(chunk: Buffer): void {
    if (this.stream.headersSent) return;
    if (this.#chunks === nothing) this.#chunks = [chunk];
    else this.#chunks.push(chunk);
    const { guard, limits } = this.#context;
    guard.requests.add(this, chunk.length);
    const bytesMax = limits.receiveBytesMax;
    if (this.heldBytes <= bytesMax + frameHeadBytes) return;
    this.fail(new RpcError('RESOURCE_EXHAUSTED', `the request is longer than ${bytesMax} bytes`));
  }

  /** Answers the whole request, once the caller has read enough of its other answers. */
  answerSoon(): void {
    if (this.#account.hasRoom()) {
      this.#answer();
    } else {
      this.isWaiting = true;
      this.#account.wait(() => this.#answer());
    }
  }

  #answer(): void {
    const chunks = this.#chunks;
    this.isWaiting = false;
    // The stream may wait for its caller; the request need not.
    this.#chunks = nothing;
    if (this.stream.headersSent || this.stream.destroyed) return;
    const { method, handler } = this.#route;
    try {
      const request = messageOf(method, joined(chunks), this.#context.limits.receiveBytesMax);
      const call = new HttpCall('grpc', this.#headers, this.stream, peerOf);
      mapAwaitable(handler(request, call), send, failed, this);
    } catch (error) {
      this.fail(error);
    }
  }

  send(message: MessageShape<DescMethod['output']>): void {
    const { stream } = this;
    this.#context.guard.requests.end(this);
    const pieces = framesOf(this.#route.method.output, message, encode);
    if (stream.headersSent || stream.destroyed) return;
    let bytes = streamBytes;
    for (const { length } of pieces) bytes += length;
    this.#unreadBytes = bytes;
    this.#account.hold(this.#unreadBytes);
    stream.respond(responseHeaders, responseOptions);
    stream.on('wantTrailers', sendOk);
    if (pieces.length > 1) stream.cork();
    for (const piece of pieces) stream.write(piece);
    stream.end();
  }

  fail(error: unknown): void {
    this.#chunks = nothing;
    this.#context.guard.requests.end(this);
    refuse(this.stream, error, this.#context.onBug);
  }

  refuse(): void {
    this.#chunks = nothing;
    this.#context.guard.requestRefused();
    refuse(this.stream, tooManyBytes(), this.#context.onBug);
  }

  /** The deadline has passed. Returns the milliseconds until the next look, if there is one. */
  expire(): number | undefined {
    const { stream } = this;
    const { guard, limits } = this.#context;
    if (stream.destroyed) return undefined;
    if (!stream.headersSent) {
      this.fail(new RpcError('DEADLINE_EXCEEDED', 'the deadline has passed'));
      return limits.halfOpenMs;
    }
    if (stream.writableLength > 0) guard.unreadClosed('deadline');
    stream.close(constants.NGHTTP2_CANCEL);
    return undefined;
  }

  /** The stream is closed. */
  end(): void {
    this.watched?.forget();
    this.#context.guard.requests.end(this);
    this.#account.free(this.#unreadBytes);
  }
}

/** Has its call as a property, so that all streams share their listeners. */
type CallStream = ServerHttp2Stream & { [callKey]?: Call | undefined };

const callKey = Symbol('call');

function onData(this: CallStream, chunk: Buffer): void {
  this[callKey]?.receive(chunk);
}

function onEnd(this: CallStream): void {
  this[callKey]?.answerSoon();
}

function onClose(this: CallStream): void {
  this[callKey]?.end();
  // A closed stream may stay in memory longer than its call: tables of Node's session keep it.
  this[callKey] = undefined;
}

/** Two functions for all calls, to save each of them two closures. */
function send(message: MessageShape<DescMethod['output']>, call: Call): void {
  call.send(message);
}

function failed(error: unknown, call: Call): void {
  call.fail(error);
}

function sendOk(this: ServerHttp2Stream): void {
  this.sendTrailers(okTrailers);
}

function ignore(): void {}

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
  const details = statusDetails(failure);
  if (details) headers.push('grpc-status-details-bin', details.toString('base64'));
  return headers;
}

function peerOf({ session }: ServerHttp2Stream): string | undefined {
  return session?.socket.remoteAddress;
}
