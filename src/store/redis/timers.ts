/**
 * The timers of ioredis judge before they read: after a stall of this process, they would fail commands
 * whose answers lie in the socket. These take their place. They count the time for which this process
 * ran, and read first.
 */

import type { Socket } from 'node:net';
import { AbstractConnector, Command, Redis } from 'ioredis';
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

/** The part of a client that opens its connection; its types leave it out. */
interface Opening {
  connector: { connect(...args: unknown[]): Promise<Socket> };
}

const { connect } = Redis.prototype;
const opening = new WeakSet<object>();

/** What `connectTimeout` sets, on clients of Sentinels and on nodes of a Cluster too. */
Redis.prototype.connect = function (this: Redis, ...args: Parameters<typeof connect>) {
  const { connector } = this as unknown as Opening;
  if (!opening.has(connector)) {
    opening.add(connector);
    const open = connector.connect.bind(connector);
    connector.connect = async (...how) => judgedAwake(await open(...how));
  }
  return connect.apply(this, args);
};

/** A stream whose timeout ioredis sets while it connects, and for nothing else. */
function judgedAwake(stream: Socket): Socket {
  // ioredis listens to the first error only. When a connection ends during a TLS handshake, the alert
  // of the server is another one, which would end the process.
  stream.on('error', () => undefined);
  let timer: AwakeTimer | undefined;
  stream.setTimeout = (ms, judge) => {
    timer?.clear();
    timer = ms > 0 && judge !== undefined ? awakeTimeout(judge, ms) : undefined;
    return stream;
  };
  stream.once('close', () => timer?.clear());
  return stream;
}

/** The part of a connector that closes its connection; its types leave it out. */
interface Closing {
  connecting: boolean;
  stream?: Socket;
  disconnectTimeout: number;
}

/** What `disconnectTimeout` sets: a connection that is closing may still bring answers. */
(AbstractConnector.prototype as unknown as { disconnect(): void }).disconnect = function (
  this: Closing,
): void {
  this.connecting = false;
  const { stream } = this;
  if (stream === undefined) return;
  const timer = awakeTimeout(() => stream.destroy(), this.disconnectTimeout);
  stream.on('close', timer.clear);
  stream.end();
};
