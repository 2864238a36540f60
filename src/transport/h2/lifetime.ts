/** Ends connections that are silent, idle or old, or whose peer is gone without a word. */

import { type AwakeTimer, awakeTimeout } from '../../timing/awake.ts';
import type { H2Limits } from './limits.ts';

/** Connections that were made at the same time are not closed at the same time. */
const ageJitter = 0.1;

/** What is watched of a connection, and what is done to it. */
export interface Living {
  /** How many streams are open. */
  openStreams(): number;
  /** When the last stream was opened or closed, on the clock of `performance.now`. */
  lastActiveMs: number;
  /** Changes whenever the peer sent something, or took all that it was slow to take. */
  progress: number;
  /** Sends a PING. */
  ping(): void;
  /** Lets the streams end, and opens no more. */
  goAway(): void;
  /** Closes the connection at once. */
  destroy(): void;
}

type LifetimeLimits = Pick<
  H2Limits,
  | 'prefaceMs'
  | 'stopPrefaceMs'
  | 'goAwayMs'
  | 'goAwaySlackMs'
  | 'idleMs'
  | 'ageMs'
  | 'ageGraceMs'
  | 'keepaliveMs'
  | 'keepaliveTimeoutMs'
  | 'lingerMs'
>;

/** The timers of one connection. */
export class Lifetime {
  readonly #limits: LifetimeLimits;
  readonly #living: Living;
  /** Ends it for its silence at the start, or for its age, or after its last frame. */
  #end: AwakeTimer;
  #idle: AwakeTimer | undefined;
  #keepalive: AwakeTimer | undefined;
  #onTold = () => {};

  /** The peer has until `prefaceMs` to call `begin`. */
  constructor(limits: LifetimeLimits, living: Living) {
    this.#limits = limits;
    this.#living = living;
    this.#end = awakeTimeout(() => living.destroy(), limits.prefaceMs);
  }

  /** The preface has come. */
  begin(): void {
    const { ageMs, ageGraceMs, idleMs } = this.#limits;
    const living = this.#living;
    this.#end.clear();
    this.#end = awakeTimeout(
      () => {
        living.goAway();
        this.#end = awakeTimeout(() => living.destroy(), ageGraceMs);
      },
      ageMs * (1 + ageJitter * (2 * Math.random() - 1)),
    );
    this.#idle = awakeTimeout(() => this.#checkIdle(), idleMs);
    this.#pingLater();
  }

  /** The peer answered a PING. */
  answered(): void {
    this.#keepalive?.clear();
    this.#pingLater();
  }

  /** The peer has to send its preface sooner, since the server stops. */
  hurry(): void {
    this.#end.clear();
    this.#end = awakeTimeout(() => this.#living.destroy(), this.#limits.stopPrefaceMs);
  }

  /** GOAWAY was sent: `onTold` is called when the peer must have it, and opens no more streams. */
  goingAway(onTold: () => void): void {
    this.#onTold = onTold;
    this.#toldIn(this.#limits.goAwayMs);
  }

  /** The peer has read GOAWAY. */
  told(): void {
    this.#toldIn(this.#limits.goAwaySlackMs);
  }

  #toldIn(ms: number): void {
    this.#idle?.clear();
    this.#idle = awakeTimeout(this.#onTold, ms);
  }

  /** The last frame was sent: the peer has `lingerMs` to read it and to close. */
  linger(): void {
    this.clear();
    this.#end = awakeTimeout(() => this.#living.destroy(), this.#limits.lingerMs);
  }

  /** Stops all timers. */
  clear(): void {
    this.#end.clear();
    this.#idle?.clear();
    this.#keepalive?.clear();
  }

  #checkIdle(): void {
    const { idleMs } = this.#limits;
    const living = this.#living;
    const isBusy = living.openStreams() > 0;
    const leftMs = isBusy ? idleMs : living.lastActiveMs + idleMs - performance.now();
    if (leftMs > 0) this.#idle = awakeTimeout(() => this.#checkIdle(), leftMs);
    else living.goAway();
  }

  #pingLater(): void {
    const { keepaliveMs, keepaliveTimeoutMs } = this.#limits;
    const living = this.#living;
    this.#keepalive = awakeTimeout(() => {
      const { progress } = living;
      this.#keepalive = awakeTimeout(() => {
        // A PING can wait behind a long answer that the peer is still taking.
        if (living.progress === progress) living.destroy();
        else this.#pingLater();
      }, keepaliveTimeoutMs);
      living.ping();
    }, keepaliveMs);
  }
}
