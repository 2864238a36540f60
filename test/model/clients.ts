/** A fake of ioredis with what the feed and the reads use, over connections of the model. */

import { EventEmitter } from 'node:events';
import type { Redis as IoRedis } from 'ioredis';
import { defaultLimits } from '../limits.ts';
import type { Random } from './random.ts';
import { type Redis, ReplyError, type Server } from './redis.ts';
import { openWire, type Wire } from './wire.ts';
import type { Actor, World } from './world.ts';

/** The network between a process and Redis, with its faults. */
export interface Network {
  world: World;
  redis: Redis;
  random: Random;
  actor: Actor;
  /** New connections reach no server. */
  cutOff: boolean;
  /** Delay of a message on a new connection, in milliseconds. */
  delayMs: () => number;
  /** The server to which the name, or the Sentinels, lead now. */
  target(): Server;
  /** The open connections. */
  data: Wire | undefined;
  feed: Wire | undefined;
}

const { connectTimeoutMs, readTimeoutMs, socketTimeoutMs, reconnectDelayMsMax } =
  defaultLimits.store.redis;

/** What both clients share: commands with a timeout, on a connection that may be missing. */
function connection(network: Network, kind: 'data' | 'feed', timeoutMs: number, onEnd: () => void) {
  const { world, redis, actor } = network;
  const owed = new Set<(error: Error) => void>();
  let wire: Wire | undefined;
  let heardMs = 0;

  const end = () => {
    if (wire === undefined) return;
    wire.end();
    wire = undefined;
    network[kind] = undefined;
    for (const fail of owed) fail(new Error('Connection is closed.'));
    owed.clear();
    onEnd();
  };

  const command = (name: string, ...args: string[]): Promise<unknown> => {
    const through = wire;
    if (through === undefined) return Promise.reject(new Error('no connection'));
    return new Promise((resolve, reject) => {
      const done = () => {
        owed.delete(fail);
        clearTimeout(timer);
      };
      const fail = (error: Error) => {
        done();
        reject(error);
      };
      const sentMs = world.now();
      const timer = setTimeout(() => {
        fail(new Error('Command timed out'));
        // A connection that does not answer in time is closed.
        setTimeout(
          () => {
            if (wire === through && heardMs < sentMs) end();
          },
          Math.max(0, socketTimeoutMs - timeoutMs),
        );
      }, timeoutMs);
      owed.add(fail);
      through.up(() => {
        const answer = answerOf(() => redis.execute(through.server, through, name, args));
        through.down(() => {
          if (wire !== through) return;
          heardMs = world.now();
          if (!owed.has(fail)) return;
          done();
          if (answer instanceof Error) reject(answer);
          else resolve(answer);
        });
      });
    });
  };

  return {
    command,
    end,
    wire: () => wire,
    async open() {
      const server = network.target();
      if (!server.up) throw new Error('connect ECONNREFUSED');
      const name = `${actor.name}-${kind}-${Math.floor(network.random.next() * 1e6)}`;
      wire = openWire(name, { world, redis, actor, server }, network.delayMs, end);
      if (network.cutOff) wire.silence(true);
      network[kind] = wire;
      const info = command('INFO', 'server');
      info.catch(() => undefined);
      const late = new Promise<never>((_, reject) => {
        setTimeout(() => reject(new Error('connect ETIMEDOUT')), connectTimeoutMs);
      });
      late.catch(() => undefined);
      await Promise.race([info, late]);
    },
  };
}

function answerOf(task: () => unknown): unknown {
  try {
    return task();
  } catch (error) {
    if (error instanceof ReplyError) return error;
    throw error;
  }
}

/** The client that reads records: it connects and reconnects on its own. */
export function dataClient(network: Network): IoRedis {
  const emitter = new EventEmitter();
  let attempt = 0;
  let isReady = false;

  const again = () => {
    attempt++;
    const pauseMs = Math.min(50 * 2 ** attempt, reconnectDelayMsMax);
    setTimeout(connect, pauseMs + network.random.between(0, 100));
  };
  const link = connection(network, 'data', readTimeoutMs, () => {
    const wasReady = isReady;
    isReady = false;
    emitter.emit('close');
    if (wasReady) again();
  });
  const connect = () => {
    link.open().then(
      () => {
        attempt = 0;
        isReady = true;
        emitter.emit('ready');
      },
      () => {
        link.end();
        again();
      },
    );
  };
  connect();

  const ask =
    (name: string) =>
    (...args: string[]) =>
      isReady ? link.command(name, ...args) : Promise.reject(new Error('not writeable'));
  const client = {
    options: {},
    on: emitter.on.bind(emitter),
    off: emitter.off.bind(emitter),
    once: emitter.once.bind(emitter),
    disconnect: () => link.end(),
    get: ask('GET'),
    set: ask('SET'),
    role: ask('ROLE'),
    info: ask('INFO'),
    exists: ask('EXISTS'),
    call: (name: string) => ask(name)(),
  };
  return client as unknown as IoRedis;
}

/** The client of a feed: it connects once, and gets invalidations once tracking is on. */
export function feedClient(network: Network): IoRedis {
  const emitter = new EventEmitter();
  const link = connection(network, 'feed', connectTimeoutMs, () => emitter.emit('end'));
  const hear = (keys: string[] | null) => {
    const payload = keys === null ? '' : keys.map(key => Buffer.from(key));
    emitter.emit('messageBuffer', Buffer.from('__redis__:invalidate'), payload);
  };
  const track = async () => {
    const wire = link.wire();
    if (wire === undefined) throw new Error('no connection');
    await link.command('TRACKING');
    return 'OK';
  };
  const client = {
    once: emitter.once.bind(emitter),
    on: emitter.on.bind(emitter),
    connect: link.open,
    client: (name: string) => link.command(name),
    info: (section: string) => link.command('INFO', section),
    call: track,
    subscribe(channel: string) {
      const wire = link.wire();
      // Invalidations flow from when the server gets the command, before the client has the answer.
      wire?.up(() => wire.server.trackers.set(wire, keys => wire.down(() => hear(keys))));
      return link.command('SUBSCRIBE', channel);
    },
    ping: () => link.command('PING'),
    disconnect: () => link.end(),
  };
  return client as unknown as IoRedis;
}
