/**
 * The timers of ioredis judge before they read: after a stall of this process, they would fail commands
 * whose answers lie in the socket. These take their place. They count the time for which this process
 * ran, and read first.
 */

import { Command, Redis } from 'ioredis';
import { type AwakeTimer, awakeTimeout } from '../../timing/awake.ts';

const timed = new WeakSet<Command>();

/** What `commandTimeout` of any client sets, that of a Cluster's nodes included. */
Command.prototype.setTimeout = function (this: Command, ms: number): void {
  // A Cluster sends a command again when its slot has moved.
  if (timed.has(this)) return;
  timed.add(this);
  const timer = awakeTimeout(() => {
    if (!this.isSettled) this.reject(new Error('Command timed out'));
  }, ms);
  this.promise.then(timer.clear, timer.clear);
};

/** The part of a client that ends a silent connection; its types leave it out. */
interface Silence extends Pick<Redis, 'stream' | 'commandQueue' | 'options'> {
  socketTimeoutTimer: AwakeTimer | undefined;
  setSocketTimeout(): void;
}

/** What `socketTimeout` sets while a command has no answer. */
(Redis.prototype as unknown as Silence).setSocketTimeout = function (this: Silence): void {
  const { stream, options } = this;
  const { socketTimeout: ms = 0 } = options;
  const timer = awakeTimeout(() => {
    stream.destroy(new Error(`Socket timeout: nothing arrived for ${ms} ms`));
  }, ms);
  this.socketTimeoutTimer = timer;
  // ioredis forgets the timer of a stream that closed, but cannot stop it.
  stream.once('close', timer.clear);
  stream.once('data', () => {
    timer.clear();
    stream.off('close', timer.clear);
    this.socketTimeoutTimer = undefined;
    if (this.commandQueue.length > 0) this.setSocketTimeout();
  });
};
