/**
 * Writes frames to a socket: all of one read in one write, those that come later in one write per turn
 * of the event loop.
 */

import type { Socket } from 'node:net';

/** Size of a buffer, in bytes: more than a frame, and what a read of short calls is answered with. */
const bufferBytes = 32_768;
/** Most free buffers that are kept. */
const freeMax = 32;

/** Buffers that no socket uses. */
const free: Buffer[] = [];
const nothing = Buffer.alloc(0);

/** Outputs to which something was written outside of a read in this turn. */
let late: Output[] = [];

function flushLate(): void {
  const outputs = late;
  late = [];
  for (const output of outputs) output.flush();
}

/** What an output tells its connection. */
export interface OnOutput {
  /** More bytes wait for the peer than may. */
  full(): void;
  /** The socket has taken all. */
  drained(): void;
}

/** A buffer and how many of its bytes are written. */
interface Filled {
  bytes: Buffer;
  length: number;
}

/** The output of one connection. */
export class Output {
  /** The buffer that is being filled; valid after `reserve`. */
  bytes: Buffer = nothing;
  /** Where the next frame goes. */
  #at = 0;
  readonly #socket: Socket;
  readonly #bytesMax: number;
  readonly #on: OnOutput;
  /** Filled buffers that wait for the socket. */
  #waiting: Filled[] = [];
  /** Buffers that the socket has, oldest first. */
  readonly #inFlight: Buffer[] = [];
  #isReading = false;
  #isLate = false;
  #isEnding = false;

  constructor(socket: Socket, bytesMax: number, on: OnOutput) {
    this.#socket = socket;
    this.#bytesMax = bytesMax;
    this.#on = on;
  }

  /** How many bytes of memory wait for the peer. */
  get heldBytes(): number {
    return this.#waiting.length * bufferBytes + this.#at + this.#socket.writableLength;
  }

  /** Whether the peer has not taken what was sent, and as much as may waits for it. */
  get isFull(): boolean {
    return this.#isBlocked && this.heldBytes > this.#bytesMax;
  }

  get #isBlocked(): boolean {
    return this.#socket.writableLength > 0;
  }

  /**
   * Makes room for at most `bufferBytes`; returns the offset in `bytes` from which the caller writes all
   * of them.
   */
  reserve(length: number): number {
    if (this.#at + length > this.bytes.length) this.#next();
    const at = this.#at;
    this.#at += length;
    if (!this.#isReading && !this.#isLate) this.#flushLater();
    return at;
  }

  /** Until `endRead`, nothing is sent but full buffers. */
  beginRead(): void {
    this.#isReading = true;
  }

  /** Sends what was written since `beginRead`. */
  endRead(): void {
    this.#isReading = false;
    this.flush();
  }

  /** Sends all that was written, unless the peer has not taken what was sent before. */
  flush(): void {
    this.#isLate = false;
    if (this.#socket.destroyed) {
      this.#waiting = [];
      this.bytes = nothing;
      this.#at = 0;
      return;
    }
    if (!this.#isBlocked) this.#send();
    const isSent = this.#waiting.length === 0 && this.#at === 0;
    if (this.#isEnding && isSent) this.#socket.end();
    else if (this.isFull) this.#on.full();
  }

  /** Ends the socket after all that was written. */
  end(): void {
    this.#isEnding = true;
    if (!this.#isReading) this.flush();
  }

  #flushLater(): void {
    this.#isLate = true;
    if (late.length === 0) setImmediate(flushLate);
    late.push(this);
  }

  #next(): void {
    this.#cut();
    if (!this.#isBlocked && !this.#socket.destroyed) this.#send();
    this.bytes = free.pop() ?? Buffer.allocUnsafeSlow(bufferBytes);
  }

  #cut(): void {
    if (this.#at > 0) this.#waiting.push({ bytes: this.bytes, length: this.#at });
    this.bytes = nothing;
    this.#at = 0;
  }

  #send(): void {
    this.#cut();
    const filled = this.#waiting;
    if (filled.length === 0) return;
    this.#waiting = [];
    if (filled.length > 1) this.#socket.cork();
    for (const { bytes, length } of filled) {
      this.#inFlight.push(bytes);
      this.#socket.write(bytes.subarray(0, length), this.#sent);
    }
    if (filled.length > 1) this.#socket.uncork();
  }

  /** Called for each write in turn. Before that, TLS or the kernel may still read the buffer. */
  readonly #sent = (error?: Error | null): void => {
    const bytes = this.#inFlight.shift();
    if (error || bytes === undefined) return;
    if (free.length < freeMax) free.push(bytes);
    if (this.#inFlight.length > 0) return;
    this.#on.drained();
    this.flush();
  };
}
