/**
 * Intercepts the streams of the gRPC listener's HTTP/2 sessions before grpc-js sees them. Plain
 * unary calls are answered without grpc-js. The headers of the others are corrected: deadlines that
 * would overflow a timer are cut, missing deadlines are set, repeated Authorization headers are
 * joined.
 */

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { type CallTimes, clampGrpcTimeout, timerMsMax } from '../rpc/grpc-timeout.ts';
import { closeHalfOpen, type HalfOpenStreams } from './half-open.ts';
import type { Activity } from './idle.ts';

/** Finds the HTTP/2 sessions of the listener's sockets. */
export interface Sessions {
  /** Registers a socket before it is handed to grpc-js. */
  expect(socket: Socket, activity: Activity): void;
  /** Stops intercepting new sessions. */
  stop(): void;
}

type OnStream = (
  this: ServerHttp2Session,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  flags: number,
  raw: string[],
) => void;

/**
 * Starts intercepting; `take` answers a call and returns true, or leaves it to grpc-js. grpc-js
 * does not expose its HTTP/2 server, so sessions are found through Node's diagnostics channel for
 * new streams. The session's own `stream` listener is replaced by one that calls it.
 * A stream that its caller keeps half open is closed `halfOpenMs` after the longest deadline.
 */
export function findSessions(
  times: CallTimes,
  halfOpenMs: number,
  take: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => boolean,
): Sessions {
  const seen = new WeakSet<ServerHttp2Session>();
  const halfOpen = closeHalfOpen(times.deadlineMsMax + halfOpenMs);

  const stand = (session: ServerHttp2Session, activity: Activity) => {
    activity.session = session;
    const others = session.listeners('stream') as OnStream[];
    session.removeAllListeners('stream');
    const onStream: OnStream = function (stream, headers, flags, raw) {
      joinAuthorization(headers, raw);
      if (take(stream, headers)) return activity.touch();
      stream.once('close', activity.begin());
      clampDeadline(stream, headers, times, halfOpen);
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
    stop() {
      unsubscribe('http2.server.stream.created', onCreated);
      halfOpen.stop();
    },
  };
}

function clampDeadline(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  times: CallTimes,
  halfOpen: HalfOpenStreams,
): void {
  const asked = headers['grpc-timeout'];
  if (times.isStreaming(headers[':path'] as string)) {
    if (asked !== undefined) headers['grpc-timeout'] = clampGrpcTimeout(asked, timerMsMax);
    return;
  }
  headers['grpc-timeout'] =
    asked === undefined ? `${times.deadlineMs}m` : clampGrpcTimeout(asked, times.deadlineMsMax);
  halfOpen.add(stream);
}

/** Joins repeated headers, of which Node keeps the first: no credential contains a comma. */
function joinAuthorization(headers: IncomingHttpHeaders, raw: string[]): void {
  if (headers.authorization === undefined) return;
  let joined: string | undefined;
  for (let index = 0; index < raw.length; index += 2) {
    if (raw[index] !== 'authorization') continue;
    joined = joined === undefined ? raw[index + 1] : `${joined}, ${raw[index + 1]}`;
  }
  if (joined !== undefined) headers.authorization = joined;
}
