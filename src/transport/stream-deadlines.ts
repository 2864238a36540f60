/** Ends HTTP/2 streams whose time is over: one timer for all of them, and none while there are none. */

import { constants, type ServerHttp2Stream } from 'node:http2';

/** Watches streams until they are answered. */
export interface StreamDeadlines {
  watch(stream: ServerHttp2Stream, deadlineMs: number): void;
  /** The stream has been answered. */
  forget(stream: ServerHttp2Stream): void;
  /** Ends the timer. */
  stop(): void;
}

/** How late a deadline may be noticed, in milliseconds. The caller keeps its own to the point. */
const sweepMs = 50;

/** How long a stream may stay that its caller keeps half open after the answer, in milliseconds. */
const halfOpenMs = 1000;

/** Makes it; `expire` answers a stream that is too late. */
export function createStreamDeadlines(
  expire: (stream: ServerHttp2Stream) => void,
): StreamDeadlines {
  const due = new Map<ServerHttp2Stream, number>();
  let timer: NodeJS.Timeout | undefined;

  const sweep = () => {
    timer = undefined;
    const now = performance.now();
    for (const [stream, dueMs] of due) {
      if (stream.destroyed) {
        due.delete(stream);
      } else if (dueMs <= now) {
        if (stream.headersSent) {
          stream.close(constants.NGHTTP2_CANCEL);
        } else {
          expire(stream);
          due.set(stream, now + halfOpenMs);
        }
      }
    }
    arm();
  };
  const arm = () => {
    if (due.size > 0) timer ??= setTimeout(sweep, sweepMs).unref();
  };
  return {
    watch(stream, deadlineMs) {
      due.set(stream, performance.now() + deadlineMs);
      arm();
    },
    forget: stream => void due.delete(stream),
    stop: () => clearTimeout(timer),
  };
}
