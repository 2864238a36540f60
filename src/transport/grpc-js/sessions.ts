/**
 * Intercepts the streams of the gRPC listener's HTTP/2 sessions before grpc-js sees them. Plain
 * unary calls are answered without grpc-js. The headers of the others are corrected: deadlines that
 * would overflow a timer are cut, missing deadlines are set, repeated Authorization headers are
 * joined.
 */

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import {
  constants,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import { canonicalHeader } from '../../caching/canonical-header.ts';
import { joinAuthorization } from '../rpc/authorization.ts';
import { createDeadlines, type Deadlines } from '../rpc/deadlines.ts';
import type { GrpcLimits } from '../rpc/grpc-limits.ts';
import { type CallTimes, clampGrpcTimeout, deadlineOf, timerMsMax } from '../rpc/grpc-timeout.ts';
import type { UnreadAccount } from '../rpc/unread-accounts.ts';
import { closeWhenOld } from './age.ts';
import type { Activity } from './idle.ts';
import { pingUntilClosed } from './keepalive.ts';

/** Finds the HTTP/2 sessions of the listener's sockets. */
export interface Sessions {
  /** Registers a socket before it is handed to grpc-js. */
  expect(socket: Socket, activity: Activity): void;
  /** The open streams that were left to grpc-js. */
  open(): Iterable<ServerHttp2Stream>;
  /** Stops intercepting new sessions. */
  stop(): void;
}

/**
 * Answers a request and returns true, or leaves it to grpc-js. The account is that of its connection.
 */
export type Take = (
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  account: UnreadAccount,
) => boolean;

type OnStream = (
  this: ServerHttp2Session,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  flags: number,
  raw: string[],
) => void;

/**
 * Starts intercepting. grpc-js
 * does not expose its HTTP/2 server, so sessions are found through Node's diagnostics channel for
 * new streams. The session's own `stream` listener is replaced by one that calls it.
 * A stream that its caller keeps open is closed `halfOpenMs` after the call's deadline.
 */
export function findSessions(
  times: CallTimes,
  limits: GrpcLimits,
  take: Take,
  openAccount: () => UnreadAccount,
): Sessions {
  const seen = new WeakSet<ServerHttp2Session>();
  const open = new Set<ServerHttp2Stream>();
  // grpc-js answers a call whose deadline has passed but leaves closing its stream to the caller.
  const deadlines = createDeadlines<ServerHttp2Stream>(stream => {
    stream.close(constants.NGHTTP2_CANCEL);
    return undefined;
  });

  const stand = (session: ServerHttp2Session, activity: Activity) => {
    activity.session = session;
    pingUntilClosed(session, limits);
    closeWhenOld(session, limits);
    const account = openAccount();
    const others = session.listeners('stream') as OnStream[];
    session.removeAllListeners('stream');
    const onStream: OnStream = function (stream, headers, flags, raw) {
      correctAuthorization(headers, raw);
      if (take(stream, headers, account)) return activity.touch();
      makeLegal(headers);
      open.add(stream);
      const end = activity.begin();
      const forget = clampDeadline(stream, headers, times, limits.halfOpenMs, deadlines);
      stream.once('close', () => {
        open.delete(stream);
        end();
        forget();
      });
      for (const other of others) other.call(this, stream, headers, flags, raw);
    };
    session.on('stream', onStream);
  };
  const onCreated = (message: unknown) => {
    const session = (message as { stream: ServerHttp2Stream }).stream.session;
    if (!session || seen.has(session as ServerHttp2Session)) return;
    seen.add(session as ServerHttp2Session);
    const activity = activityOf(session.socket);
    if (activity !== undefined) stand(session as ServerHttp2Session, activity);
  };
  // A property and no WeakMap: the session exposes its socket through a proxy, a different object.
  const mark = Symbol('activity');
  const activityOf = (socket: object) => (socket as { [mark]?: Activity })[mark];
  subscribe('http2.server.stream.created', onCreated);

  return {
    expect(socket, activity) {
      Object.assign(socket, { [mark]: activity });
    },
    open: () => open,
    stop() {
      unsubscribe('http2.server.stream.created', onCreated);
      deadlines.stop();
    },
  };
}

/** Corrects the call's deadline. Its stream is closed after that; the returned function forgets it. */
function clampDeadline(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  times: CallTimes,
  halfOpenMs: number,
  deadlines: Deadlines<ServerHttp2Stream>,
): () => void {
  const asked = headers['grpc-timeout'];
  const streaming = times.isStreaming(headers[':path'] as string);
  if (streaming && asked === undefined) return () => undefined;
  const limits = streaming ? { ...times, deadlineMsMax: timerMsMax } : times;
  headers['grpc-timeout'] =
    asked === undefined ? `${limits.deadlineMs}m` : clampGrpcTimeout(asked, limits.deadlineMsMax);
  const deadlineMs = deadlineOf(asked, limits) ?? limits.deadlineMsMax;
  const watched = deadlines.watch(stream, deadlineMs + halfOpenMs);
  return () => watched.forget();
}

/** Node keeps the first of several Authorization headers; the list has all of them. */
function correctAuthorization(headers: IncomingHttpHeaders, raw: string[]): void {
  if (headers.authorization === undefined) return;
  const values: string[] = [];
  for (let index = 0; index < raw.length; index += 2) {
    if (raw[index] === 'authorization') values.push(raw[index + 1] ?? '');
  }
  headers.authorization = joinAuthorization(values);
}

/**
 * grpc-js drops values with other characters than printable ASCII, so that such a header would count
 * as missing. A quote is as malformed.
 */
function makeLegal(headers: IncomingHttpHeaders): void {
  if (headers.authorization === undefined) return;
  headers.authorization = canonicalHeader(headers.authorization).replace(/[^ -~]/g, '"');
}
