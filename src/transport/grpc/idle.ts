/** Closes connections on which no call was made for a while. */

import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';

/** The calls of one connection. */
export interface Activity {
  /** A call was made that is over in no time. */
  touch(): void;
  /** A call was made that may last; the returned function says that it is over. */
  begin(): () => void;
  /** The connection's HTTP/2 session, as soon as there is one. */
  session?: ServerHttp2Session;
}

/** Watches a connection until it closes. Keepalive pings are no activity. */
export function closeIdle(socket: Socket, idleMs: number): Activity {
  let open = 0;
  let lastMs = performance.now();
  const activity: Activity = {
    touch() {
      lastMs = performance.now();
    },
    begin() {
      open++;
      return () => {
        open--;
        lastMs = performance.now();
      };
    },
  };
  const check = () => {
    const leftMs = open > 0 ? idleMs : lastMs + idleMs - performance.now();
    if (leftMs > 0) {
      timer = setTimeout(check, leftMs).unref();
    } else if (activity.session) {
      // Says goodbye first, so that the caller makes its next call elsewhere.
      activity.session.close();
    } else {
      socket.destroy();
    }
  };
  let timer = setTimeout(check, idleMs).unref();
  socket.once('close', () => clearTimeout(timer));
  return activity;
}
