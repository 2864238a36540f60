/**
 * Reads a socket in turns. One read can bring thousands of calls: a connection has so much done at once,
 * and the rest of the read waits until the others had their turn.
 */

import type { Socket } from 'node:net';
import { nextTurn } from '../../timing/turns.ts';

/** What an intake needs of its connection. */
export interface OnIntake {
  /** Does what the bytes ask for, as far as there is work left; returns the offset of the rest. */
  read(bytes: Buffer): number;
  /** Whether nothing more is done until the peer has read. */
  isFull(): boolean;
  /** So many bytes wait for their turn: 0 once they had it. */
  holds(bytes: number): void;
}

/**
 * What a task of a handler counts: an eighth of a frame. It takes as long as one, but counted so, reads of
 * usual batches would be cut, which costs a quarter more.
 */
const workOfTask = 32;

/** How much work may be done before the next turn; below 0 after a frame that took more. */
export interface Work {
  left: number;
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
  /** What goes on in a turn of its own. */
  readonly #later: (() => void)[] = [];
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

  /** Counts what a handler does besides one answer to a request. */
  count(tasks: number): void {
    this.#work.left -= tasks * workOfTask;
  }

  /** Resolves when there is work left; undefined if there is some now. */
  turn(): Promise<void> | undefined {
    if (this.#work.left > 0 || this.#isOver) return undefined;
    this.#wait();
    return new Promise(resolve => this.#later.push(resolve));
  }

  /** Has all that waits done soon, in one turn. */
  hurry(): void {
    setImmediate(() => {
      this.#work.left = Number.POSITIVE_INFINITY;
      this.#goOn();
      this.#work.left = 0;
    });
  }

  /** Goes on, since the peer has read. */
  resume(): void {
    if (this.hasRest) this.#wait();
    else this.#socket.resume();
  }

  /** Drops what waits, and what is still to come. */
  end(): void {
    this.#isOver = true;
    for (const resolve of this.#later.splice(0)) resolve();
    if (!this.hasRest) return;
    this.#rest = undefined;
    this.#on.holds(0);
  }

  /** Has its turn. */
  readonly #turn = (): boolean => {
    this.#isWaiting = false;
    this.#work.left = Math.min(this.#work.left, 0) + this.#workMax;
    // One of them: how much work it is shows only when it goes on.
    const resolve = this.#work.left > 0 ? this.#later.shift() : undefined;
    resolve?.();
    if (this.#later.length > 0) this.#wait();
    return this.#goOn() || resolve !== undefined;
  };

  #goOn(): boolean {
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
    nextTurn(this.#turn);
  }
}
