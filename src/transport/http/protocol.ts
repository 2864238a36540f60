/** Tells by the first bytes of a connection whether it speaks HTTP/2 (RFC 9113 section 3.3). */

import type { Socket } from 'node:net';
import { awakeTimeout } from '../../timing/awake.ts';
import { Preface } from '../h2/preface.ts';

/** What becomes of a connection. The sockets have not been read. */
export interface Protocols {
  http1(socket: Socket): void;
  http2(socket: Socket): void;
  /** It sent too little to tell. */
  silent(socket: Socket, isLate: boolean): void;
}

/** Waits for as many bytes as it takes to tell, for at most `waitMs` milliseconds. */
export function decideProtocol(socket: Socket, waitMs: number, on: Protocols): void {
  const preface = new Preface();
  const chunks: Buffer[] = [];
  const timer = awakeTimeout(() => {
    stop();
    on.silent(socket, true);
  }, waitMs);
  const read = (chunk: Buffer) => {
    chunks.push(chunk);
    const start = preface.read(chunk);
    if (start === 'partial') return;
    stop();
    // Nothing may be lost before the next reader listens.
    socket.pause();
    socket.unshift(Buffer.concat(chunks));
    if (start === 'wrong') on.http1(socket);
    else on.http2(socket);
    socket.resume();
  };
  const end = () => {
    stop();
    on.silent(socket, false);
  };
  const fail = () => socket.destroy();
  const stop = () => {
    timer.clear();
    socket.off('data', read).off('end', end).off('close', stop).off('error', fail);
  };
  socket.on('data', read).on('end', end).on('close', stop).on('error', fail);
}
