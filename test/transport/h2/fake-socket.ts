/** A socket without a network: the test says what arrives, and when the peer takes what was sent. */

import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';

type Sent = (error?: Error | null) => void;

/** What of a socket an HTTP/2 connection uses. */
export class FakeSocket extends EventEmitter {
  readonly remoteAddress = '127.0.0.1';
  destroyed = false;
  /** Whether the server has ended its side. */
  hasEnded = false;
  /** All bytes that were written. */
  readonly sent: Buffer[] = [];
  /** Writes that the peer has not taken yet, oldest first. */
  readonly #untaken: { bytes: number; done: Sent }[] = [];
  readonly #arriving: Buffer[] = [];
  #isPaused = false;
  #isClosed = false;

  /** This, as what it stands for. */
  get socket(): Socket {
    return this as unknown as Socket;
  }

  get writableLength(): number {
    return this.#untaken.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  write(bytes: Buffer, done: Sent): boolean {
    if (this.hasEnded) throw new Error('a write after the end');
    // A copy, since the writer may use its buffer again once it is taken.
    this.sent.push(Buffer.from(bytes));
    this.#untaken.push({ bytes: bytes.length, done });
    return true;
  }

  cork(): void {}
  uncork(): void {}

  end(): void {
    this.hasEnded = true;
  }

  destroy(): void {
    this.destroyed = true;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
  }

  isPaused(): boolean {
    return this.#isPaused;
  }

  /** Whether the server has read all that arrived, and does not wait with a part of it. */
  get isRead(): boolean {
    return this.destroyed || (this.#arriving.length === 0 && !this.#isPaused);
  }

  /** Bytes arrive, and are read unless the socket is paused. */
  arrive(chunk: Buffer): void {
    this.#arriving.push(chunk);
    this.read();
  }

  /** Reads what has arrived. */
  read(): void {
    while (!this.#isPaused && !this.destroyed) {
      const chunk = this.#arriving.shift();
      if (chunk === undefined) return;
      this.emit('data', chunk);
    }
  }

  /** The peer takes the oldest writes, as many as this. */
  take(writes = Number.POSITIVE_INFINITY): void {
    for (let n = 0; n < writes; n++) {
      const taken = this.#untaken.shift();
      if (taken === undefined) return;
      taken.done(this.destroyed ? new Error('the socket was destroyed') : null);
    }
  }

  /** The peer is gone. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.destroyed = true;
    this.take();
    this.emit('close');
  }
}
