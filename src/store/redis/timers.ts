/**
 * The timers of ioredis judge before they read: after a stall of this process, they would fail commands
 * whose answers lie in the socket. These judge by the time for which this process ran, and read first.
 */

import { Cluster, Command, type Redis } from 'ioredis';
import { awakeMs, awakeTimeout } from '../awake.ts';
import type { RedisClient } from './client.ts';

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

/** Looks at a silent connection in the time after which it is replaced. */
const looks = 4;

/**
 * Ends each connection of a client from which nothing arrives for `silentMsMax` milliseconds, and for
 * up to a quarter more, while a command has no answer.
 */
export function endSilent(client: RedisClient, silentMsMax: number): void {
  if (client instanceof Cluster) client.on('+node', (node: Redis) => endSilent(node, silentMsMax));
  else client.on('connect', () => watch(client, silentMsMax));
}

function watch(client: Redis, silentMsMax: number): void {
  const { stream } = client;
  let oldest: unknown;
  let bytesRead = 0;
  let sinceMs = 0;
  const look = () => {
    const now = client.commandQueue.peekFront()?.command;
    if (now !== oldest || stream.bytesRead !== bytesRead) {
      oldest = now;
      bytesRead = stream.bytesRead;
      sinceMs = awakeMs();
    } else if (now !== undefined && awakeMs() - sinceMs >= silentMsMax) {
      stream.destroy(new Error(`Socket timeout: nothing arrived for ${silentMsMax} ms`));
    }
    timer = awakeTimeout(look, silentMsMax / looks);
  };
  let timer = awakeTimeout(look, silentMsMax / looks);
  stream.once('close', () => timer.clear());
}
