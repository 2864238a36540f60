/**
 * Decides what becomes of connections that node:http calls late. It judges by its timers, which after
 * a stall of this process run before the input: so it only accuses, and what has arrived is read
 * before the judgement.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { awakeTimeout } from '../../timing/awake.ts';

/** The requests of a connection. */
interface Requests {
  count: number;
  /** The newest; undefined once it was received and answered. */
  newest: IncomingMessage | undefined;
  /** A response is in progress, into which no error response may be written. */
  answering: boolean;
}

/** The connections of a listener. */
export interface LateConnections {
  /** Records a request with its response, from its headers on. */
  begin(req: IncomingMessage): void;
  /** Records the end of a response. */
  end(res: ServerResponse): void;
  /** Whether a response is in progress. */
  isAnswering(socket: object): boolean;
  /** Whether a connection can only go on when its caller sends more: no handler works for it. */
  waitsForCaller(socket: object): boolean;
  /**
   * Calls `refuse` unless the request that is late arrives within `moreMs` milliseconds: the time
   * that its caller gets in which this process is sure to run.
   */
  judgeRequest(socket: Socket, moreMs: number, refuse: () => void): void;
  /** Destroys a silent connection unless something has been sent or read meanwhile. */
  judgeSilence(socket: Socket): void;
}

/** Starts without connections. */
export function lateConnections(): LateConnections {
  const all = new WeakMap<object, Requests>();
  return {
    begin(req) {
      const known = all.get(req.socket);
      if (known === undefined) {
        all.set(req.socket, { count: 1, newest: req, answering: true });
        return;
      }
      known.count++;
      known.newest = req;
      known.answering = true;
    },
    end({ req }) {
      const known = all.get(req.socket);
      if (known === undefined || known.newest !== req) return;
      known.answering = false;
      if (req.complete) known.newest = undefined;
    },
    isAnswering: socket => all.get(socket)?.answering ?? false,
    waitsForCaller(socket) {
      const { answering = false, newest } = all.get(socket) ?? {};
      return !answering || newest?.complete === false;
    },
    judgeRequest(socket, moreMs, refuse) {
      const { count = 0, newest } = all.get(socket) ?? {};
      // Either its headers are late, and then it is not counted, or its body.
      const lateCount = newest !== undefined && !newest.complete ? count : count + 1;
      awakeTimeout(() => {
        const now = all.get(socket);
        const isReceived = now?.count === lateCount && (now.newest?.complete ?? true);
        if (!isReceived && (now?.count ?? 0) <= lateCount) refuse();
      }, moreMs);
    },
    judgeSilence(socket) {
      const moved = () => socket.bytesRead + socket.bytesWritten - socket.writableLength;
      const before = moved();
      awakeTimeout(() => {
        if (moved() === before) socket.destroy();
      }, 0);
    },
  };
}
