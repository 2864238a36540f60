/**
 * Stands between the HTTP/2 sessions of the gRPC listener and grpc-js: plain unary calls are taken
 * here, and the headers of the others are mended before grpc-js reads them: deadlines that it would
 * overflow on, calls without a deadline, repeated Authorization headers.
 */

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { type CallTimes, mendTimeout, timerMsMax } from '../rpc/grpc-timeout.ts';
import { type HalfOpenWatch, watchHalfOpen } from './half-open.ts';
import type { Activity } from './idle.ts';

/** Finds the sessions of some sockets. */
export interface Sessions {
  /** Says that a socket, which grpc-js gets next, is among them. */
  expect(socket: Socket, activity: Activity): void;
  /** Finds no more. */
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
 * Starts looking. grpc-js keeps its HTTP/2 server to itself, so the sessions are found through Node's
 * own announcements of new streams; each session's only listener, its server's, is then called here.
 * A stream that its caller keeps half open is closed `halfOpenMs` after the longest deadline.
 */
export function findSessions(
  times: CallTimes,
  halfOpenMs: number,
  take: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => boolean,
): Sessions {
  const seen = new WeakSet<ServerHttp2Session>();
  const halfOpen = watchHalfOpen(times.deadlineMsMax + halfOpenMs);

  const stand = (session: ServerHttp2Session, activity: Activity) => {
    activity.session = session;
    const others = session.listeners('stream') as OnStream[];
    session.removeAllListeners('stream');
    const onStream: OnStream = function (stream, headers, flags, raw) {
      joinAuthorization(headers, raw);
      if (take(stream, headers)) return activity.touch();
      stream.once('close', activity.begin());
      mendCall(stream, headers, times, halfOpen);
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
  // The session shows its socket through a proxy, which a WeakMap takes for another object.
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

function mendCall(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  times: CallTimes,
  halfOpen: HalfOpenWatch,
): void {
  const asked = headers['grpc-timeout'];
  if (times.isStreaming(headers[':path'] as string)) {
    if (asked !== undefined) headers['grpc-timeout'] = mendTimeout(asked, timerMsMax);
    return;
  }
  headers['grpc-timeout'] =
    asked === undefined ? `${times.deadlineMs}m` : mendTimeout(asked, times.deadlineMsMax);
  halfOpen.watch(stream);
}

/** Node keeps the first of several; all of them are one that no credential can be. */
function joinAuthorization(headers: IncomingHttpHeaders, raw: string[]): void {
  if (headers.authorization === undefined) return;
  let joined: string | undefined;
  for (let index = 0; index < raw.length; index += 2) {
    if (raw[index] !== 'authorization') continue;
    joined = joined === undefined ? raw[index + 1] : `${joined}, ${raw[index + 1]}`;
  }
  if (joined !== undefined) headers.authorization = joined;
}
