/**
 * Reads a socket in turns. One read can bring thousands of calls: a connection has so much done at once,
 * and the rest of the read waits until the others had their turn.
 */

import type { Socket } from 'node:net';

/** What an intake needs of its connection. */
export interface OnIntake {
  /** Does what the bytes ask for, as far as there is work left; returns the offset of the rest. */
  read(bytes: Buffer): number;
  /** Whether nothing more is done until the peer has read. */
  isFull(): boolean;
  /** So many bytes wait for their turn: 0 once they had it. */
  holds(bytes: number): void;
}

/** How much work may be done before the next turn; below 0 after a frame that took more. */
export interface Work {
  left: number;
}

/** Those that wait, in order. */
const waiting: Intake[] = [];
let isScheduled = false;

function schedule(): void {
  if (isScheduled || waiting.length === 0) return;
  isScheduled = true;
  setImmediate(goOn);
}

/** Lets one go on in each turn of the event loop, which then handles what others sent meanwhile. */
function goOn(): void {
  isScheduled = false;
  while (waiting.shift()?.turn() === false);
  schedule();
}

/** The intake of one connection. */
export class Intake {
  /** How long what is being read has waited for its turn, in milliseconds. */
  waitedMs = 0;
  readonly #socket: Socket;
  readonly #work: Work;
  readonly #workMax: number;
  readonly #on: OnIntake;
  #rest: Buffer | undefined;
  /** When it was read from the socket, on the clock of `performance.now`. */
  #arrivedMs = 0;
  #isWaiting = false;
  #isOver = false;

  constructor(socket: Socket, work: Work, workMax: number, on: OnIntake) {
    this.#socket = socket;
    this.#work = work;
    this.#workMax = workMax;
    this.#on = on;
    work.left = workMax;
    socket.on('data', (bytes: Buffer) => this.#arrived(bytes));
  }

  /** Whether the rest of a read waits. */
  get hasRest(): boolean {
    return this.#rest !== undefined;
  }

  /** Goes on, since the peer has read. */
  resume(): void {
    if (this.hasRest) this.#wait();
    else this.#socket.resume();
  }

  /** Drops what waits, and what is still to come. */
  end(): void {
    this.#isOver = true;
    if (!this.hasRest) return;
    this.#rest = undefined;
    this.#on.holds(0);
  }

  /** Has its turn; returns whether there was something to do. */
  turn(): boolean {
    this.#isWaiting = false;
    this.#work.left = Math.min(this.#work.left, 0) + this.#workMax;
    const rest = this.#rest;
    if (rest === undefined || this.#on.isFull()) return false;
    this.#rest = undefined;
    this.waitedMs = performance.now() - this.#arrivedMs;
    this.#read(rest);
    this.waitedMs = 0;
    if (this.hasRest) return true;
    this.#on.holds(0);
    if (!this.#on.isFull()) this.#socket.resume();
    return true;
  }

  #arrived(bytes: Buffer): void {
    if (this.#isOver) return;
    this.#read(bytes);
    if (!this.hasRest) return;
    this.#arrivedMs = performance.now();
    this.#socket.pause();
  }

  #read(bytes: Buffer): void {
    const at = this.#on.read(bytes);
    if (this.#isOver) return;
    if (at < bytes.length) {
      this.#rest = bytes.subarray(at);
      this.#wait();
      this.#on.holds(bytes.length - at);
    } else if (this.#work.left < this.#workMax / 2) {
      // In time, so that a usual read is never cut.
      this.#wait();
    }
  }

  #wait(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    waiting.push(this);
    schedule();
  }
}
