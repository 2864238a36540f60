/**
 * Mends the headers of each gRPC call before grpc-js reads them: deadlines that it would overflow on,
 * calls without a deadline, and repeated Authorization headers, of which Node keeps but the first.
 */

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { type HalfOpenWatch, watchHalfOpen } from './half-open.ts';

/** How long calls may take. */
export interface CallTimes {
  /** Deadline of a unary call that brings none. */
  deadlineMs: number;
  /** Longest deadline of a unary call. */
  deadlineMsMax: number;
  /** Whether a path is that of a streaming method: those get no deadline of the server's. */
  isStreaming(path: string): boolean;
}

/** The longest that setTimeout can hold: a longer deadline would expire at once. */
export const timerMsMax = 2_147_483_647;

/** How long after the longest deadline a stream that the caller keeps half open may be closed. */
const halfOpenMs = 1_000;

const unitMs = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 0.001, n: 0.000_001 } as const;

const owner = Symbol('owner of the socket');
type OwnedSocket = Socket & { [owner]?: CallTimes };

/** Marks a socket, so that the calls on it are mended. */
export function mendCallsOn(socket: Socket, times: CallTimes): void {
  (socket as OwnedSocket)[owner] = times;
}

/**
 * Starts mending calls on sockets marked with these times; the returned function stops it. grpc-js keeps its HTTP/2
 * server to itself, so the sessions are found through Node's own announcements of new streams.
 */
export function watchCalls(
  times: CallTimes,
  take: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => boolean,
): () => void {
  const halfOpen = watchHalfOpen(times.deadlineMsMax + halfOpenMs);
  const seen = new WeakSet<ServerHttp2Session>();
  const onCreated = (message: unknown) => {
    const { session } = (message as { stream: ServerHttp2Stream }).stream;
    if (!session || seen.has(session as ServerHttp2Session)) return;
    seen.add(session as ServerHttp2Session);
    if ((session.socket as OwnedSocket)[owner] !== times) return;
    const [others] = session.listeners('stream') as OnStream[];
    session.removeAllListeners('stream');
    session.on('stream', function (this: ServerHttp2Session, stream, headers, flags, raw) {
      joinAuthorization(headers, raw);
      if (take(stream, headers)) return;
      mendCall(stream, headers, times, halfOpen);
      others?.call(this, stream, headers, flags, raw);
    } as OnStream);
  };
  subscribe('http2.server.stream.created', onCreated);
  return () => {
    unsubscribe('http2.server.stream.created', onCreated);
    halfOpen.stop();
  };
}

type OnStream = (
  this: ServerHttp2Session,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  flags: number,
  raw: string[],
) => void;

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

/** The time a unary call has, in milliseconds; undefined for a grpc-timeout that is none. */
export function deadlineOf(
  asked: string | string[] | undefined,
  { deadlineMs, deadlineMsMax }: Pick<CallTimes, 'deadlineMs' | 'deadlineMsMax'>,
): number | undefined {
  if (asked === undefined) return deadlineMs;
  const ms = millisecondsOf(asked);
  return ms === undefined ? undefined : Math.min(ms, deadlineMsMax);
}

function millisecondsOf(asked: string | string[]): number | undefined {
  const [, digits, unit] = /^(\d{1,15})([HMSmun])$/.exec(String(asked)) ?? [];
  return digits === undefined ? undefined : Number(digits) * unitMs[unit as keyof typeof unitMs];
}

/**
 * A grpc-timeout no longer than `msMax`, in a form that grpc-js and connect read right, or refuse.
 * The protocol allows eight digits; connect's own clients send more, which is no reason to fail them.
 */
export function mendTimeout(asked: string | string[], msMax: number): string {
  const ms = millisecondsOf(asked);
  if (ms === undefined) return 'malformed';
  // Eight digits and the unit.
  if (ms <= msMax && asked.length <= 9) return String(asked);
  const cut = Math.min(Math.ceil(ms), msMax);
  return cut < 1e8 ? `${cut}m` : `${Math.floor(cut / 1000)}S`;
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
