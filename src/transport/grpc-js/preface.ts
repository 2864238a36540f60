/** Checks that a connection speaks HTTP/2 before a session is created for it. */

import type { Socket } from 'node:net';
import { awakeTimeout } from '../../timing/awake.ts';
import { notHttp2 } from '../rpc/not-http2.ts';

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/**
 * Waits for the connection preface (RFC 9113 section 3.4), then passes the socket to `accept` with
 * all bytes unread. Any other bytes are answered with an HTTP/1.1 400. A connection that sends no
 * preface within `waitMs` milliseconds is closed.
 */
export function awaitPreface(socket: Socket, waitMs: number, accept: (socket: Socket) => void) {
  let received: Buffer = Buffer.alloc(0);
  const tooSlow = awakeTimeout(() => socket.destroy(), waitMs);
  const onError = () => socket.destroy();
  const onClose = () => tooSlow.clear();

  const onData = (chunk: Buffer) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    const length = Math.min(received.length, preface.length);
    if (preface.compare(received, 0, length, 0, length) !== 0) return refuse();
    if (length < preface.length) return;
    release();
    socket.off('error', onError);
    socket.unshift(received);
    accept(socket);
  };

  const release = () => {
    tooSlow.clear();
    socket.pause();
    socket.off('data', onData);
    socket.off('close', onClose);
  };

  // The timer keeps running: it also closes a peer that does not read the answer.
  const refuse = () => {
    socket.off('data', onData);
    socket.resume();
    socket.end(notHttp2);
  };

  socket.on('error', onError);
  socket.on('close', onClose);
  socket.on('data', onData);
}
