/**
 * Answers plain unary Connect calls directly on their HTTP request, because connect-node costs many
 * times the verdict (the benchmark compares both). Compressed requests, unusual headers and
 * gRPC-Web are left to connect-node.
 */

import type { IncomingHttpHeaders } from 'node:http';
import type { DescMethod, MessageShape } from '@bufbuild/protobuf';
import { mapAwaitable } from '../../store/awaitable.ts';
import { decode } from '../codec/decode.ts';
import { encode } from '../codec/encode.ts';
import { jsonOf, piecesOf } from '../codec/encoded-cache.ts';
import type { HttpLimits } from '../http/limits.ts';
import type { HttpRequest, HttpResponse } from '../http/message.ts';
import type { Door } from '../rpc/call.ts';
import { Content, noContent } from '../rpc/content.ts';
import { createDeadlines } from '../rpc/deadlines.ts';
import type { OnBug } from '../rpc/failure.ts';
import type { Guard } from '../rpc/guard.ts';
import type { Unary } from '../rpc/handlers.ts';
import { type HeldRequest, type RequestBytes, tooManyBytes } from '../rpc/request-bytes.ts';
import { deadlineText, RpcError, tooLong } from '../rpc/rpc-error.ts';
import type { Unread } from '../rpc/unread.ts';
import { connectError, connectErrorAnswer, malformedError } from './error.ts';
import { HttpCall } from './http-call.ts';
import { readJson, writeJson } from './json.ts';

/** What these calls report, and share with other listeners. */
export type ConnectGuard = Pick<Guard, 'requests' | 'requestRefused' | 'unread' | 'unreadClosed'>;

/** What answering plain unary calls needs. */
export interface ConnectUnaryDeps {
  limits: Pick<HttpLimits, 'receiveBytesMax' | 'deadlineMs' | 'deadlineMsMax'>;
  /** Called with each unexpected error. */
  onBug: OnBug;
  /** The name of these calls in metrics. */
  door: Door;
  /** Whether calls must carry Connect-Protocol-Version. */
  requireProtocolHeader: boolean;
  /** What all listeners share. */
  guard: ConnectGuard;
}

/** Answers a call and returns true, or false when connect-node must answer it. */
export type TakeUnary = (
  method: DescMethod,
  handler: Unary<DescMethod>,
  req: HttpRequest,
  res: HttpResponse,
) => boolean;

type Format = 'json' | 'proto';

interface Call extends HeldRequest {
  res: HttpResponse;
  method: DescMethod;
  format: Format;
  /** What has arrived of the body. */
  body: Content;
  handler: 'not called' | 'works' | 'is done';
}

/** Unread answers that are shorter are not counted one by one, in bytes. */
const countedBytesMin = 16_384;

/**
 * The function that answers plain unary calls. The deadline of a call holds until its answer is read:
 * one that is not takes up memory. A call waits while the process has as many unread bytes as it may.
 */
export function createConnectUnary(deps: ConnectUnaryDeps): TakeUnary {
  const { limits, onBug, door, guard } = deps;
  // It holds nothing itself, so that calls wait for the limit of the process alone.
  const waiting = guard.unread.account();

  const refuse = (res: HttpResponse, thrown: unknown) => {
    const error = connectError(thrown, onBug, res.requestId);
    if (res.destroyed) res.destroy();
    if (res.headersSent || res.destroyed) return;
    const { status, text, headers } = connectErrorAnswer(error);
    respond(res, status, 'application/json', [text], Buffer.byteLength(text), headers);
  };
  const deadlines = createDeadlines<HttpResponse>(res => {
    if (res.headersSent && !res.destroyed) {
      res.destroy();
      guard.unreadClosed('deadline');
    }
    refuse(res, new RpcError('DEADLINE_EXCEEDED', deadlineText));
    return undefined;
  });
  // Two functions for all calls, to save each of them two closures.
  const send = (message: MessageShape<DescMethod['output']>, call: Call) => {
    const { res, method, format } = call;
    end(call);
    if (res.destroyed) res.destroy();
    if (res.headersSent || res.destroyed) return;
    answer(res, method, format, message);
    countUnread(res, guard.unread);
  };
  const fail = (error: unknown, call: Call) => {
    end(call);
    refuse(call.res, error);
  };
  const end = (call: Call) => {
    guard.requests.end(call);
    if (call.handler === 'works') call.res.release?.();
    call.handler = 'is done';
  };

  return (method, handler, req, res) => {
    const format = formatOf(req.headers, deps.requireProtocolHeader);
    const deadlineMs = deadlineOf(req.headers['connect-timeout-ms'], limits);
    if (format === undefined || deadlineMs === undefined) return false;
    const watched = deadlines.watch(res, deadlineMs);
    const call: Call = {
      res,
      method,
      format,
      body: new Content(),
      heldBytes: 0,
      handler: 'not called',
      refuse() {
        call.body.drop();
        guard.requestRefused();
        refuse(res, tooManyBytes());
      },
    };
    res.on('close', () => {
      watched.forget();
      guard.requests.end(call);
      if (call.handler === 'not called') res.destroy();
    });
    const run = (body: Buffer) => {
      call.handler = 'works';
      res.hold?.();
      try {
        const request = messageOf(method, format, body);
        const message = handler(request, new HttpCall(door, res));
        mapAwaitable(message, send, fail, call);
      } catch (error) {
        fail(error, call);
      }
    };
    receive(req, call, limits.receiveBytesMax, guard.requests, fail, body => {
      if (waiting.hasRoom()) return run(body);
      waiting.wait(() => {
        if (!res.headersSent && !res.destroyed) run(body);
      });
    });
    return true;
  };
}

const contentType = /^application\/(?:(json)(?:; ?charset=utf-?8)?|proto)$/i;

/** The encoding of a plain call's messages; undefined for a call that is not plain. */
function formatOf(
  headers: IncomingHttpHeaders,
  requireProtocolHeader: boolean,
): Format | undefined {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') return undefined;
  const { 'connect-protocol-version': version = requireProtocolHeader ? '' : '1' } = headers;
  if (version !== '1') return undefined;
  const match = contentType.exec(headers['content-type'] ?? '');
  if (match === null) return undefined;
  return match[1] === undefined ? 'proto' : 'json';
}

/** The deadline of a call, in milliseconds; undefined for a malformed Connect-Timeout-Ms. */
function deadlineOf(
  asked: string | string[] | undefined,
  { deadlineMs, deadlineMsMax }: ConnectUnaryDeps['limits'],
): number | undefined {
  if (asked === undefined) return deadlineMs;
  return /^\d{1,10}$/.test(String(asked)) ? Math.min(Number(asked), deadlineMsMax) : undefined;
}

/** Collects the request's body, then calls `goOn` with it, or `fail` when it is too long. */
function receive(
  req: HttpRequest,
  call: Call,
  bytesMax: number,
  requests: RequestBytes,
  fail: (error: unknown, call: Call) => void,
  goOn: (body: Buffer) => void,
): void {
  // A request without a body has ended already and emits no 'end'.
  if (req.readableEnded) {
    goOn(noContent);
    return;
  }
  const announced = req.headers['content-length'];
  /** The body in one chunk, which is kept as it came: the end follows. */
  let whole: Buffer | undefined;
  req.on('data', (chunk: Buffer) => {
    if (call.res.headersSent || call.res.destroyed) return;
    if (announced === String(chunk.length)) whole = chunk;
    else call.body.add(chunk);
    requests.add(call, chunk.length);
    if (call.heldBytes <= bytesMax) return;
    whole = undefined;
    call.body.drop();
    fail(tooLong(bytesMax), call);
  });
  req.on('end', () => {
    const body = whole ?? call.body.take(noContent);
    whole = undefined;
    if (!call.res.headersSent && !call.res.destroyed) goOn(body);
  });
}

function messageOf({ input }: DescMethod, format: Format, body: Buffer) {
  if (format === 'json') return readJson(input, body);
  try {
    return decode(input, body);
  } catch {
    throw malformedError(input.typeName);
  }
}

function answer(
  res: HttpResponse,
  { output }: DescMethod,
  format: Format,
  message: MessageShape<DescMethod['output']>,
): void {
  if (format === 'proto') {
    const pieces = piecesOf(output, message, encode);
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    respond(res, 200, 'application/proto', pieces, length);
  } else {
    const { text, length } = jsonOf(output, message, writeJson);
    respond(res, 200, 'application/json', [text], length);
  }
}

/** Counts an answer as unread until it is read or given up, unless the socket has taken it. */
function countUnread(res: HttpResponse, unread: Unread): void {
  const bytes = res.writableLength;
  if (bytes < countedBytesMin) return;
  const account = unread.account();
  account.hold(bytes);
  res.once('close', () => account.free(bytes));
}

/** The pieces have `length` bytes together. */
function respond(
  res: HttpResponse,
  status: number,
  type: string,
  pieces: readonly (string | Buffer)[],
  length: number,
  others: readonly string[] = [],
): void {
  const headers = ['Content-Type', type, 'Content-Length', String(length)];
  headers.push('Cache-Control', 'no-store', ...others);
  res.writeHead(status, headers);
  for (const piece of pieces.slice(0, -1)) res.write(piece);
  res.end(pieces.at(-1));
}
