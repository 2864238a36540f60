/** Closes connections that have had no calls for some time. */

import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { awakeTimeout } from '../../timing/awake.ts';

/** Records the calls of one connection. */
export interface Activity {
  /** Records a call that is already over. */
  touch(): void;
  /** Records the start of a call; the returned function records its end. */
  begin(): () => void;
  /** The connection's HTTP/2 session, once it exists. */
  session?: ServerHttp2Session;
}

/** Closes the connection after `idleMs` milliseconds without calls; pings do not count. */
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
      timer = awakeTimeout(check, leftMs);
    } else if (activity.session) {
      // Sends a GOAWAY, so that the caller reconnects for its next call.
      activity.session.close();
    } else {
      socket.destroy();
    }
  };
  let timer = awakeTimeout(check, idleMs);
  socket.once('close', () => timer.clear());
  return activity;
}
