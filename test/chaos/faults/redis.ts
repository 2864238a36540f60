/** Faults of a Redis that loses nothing. */

import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import type { RedisServer } from '../../store/redis/server.ts';
import { until } from '../../until.ts';
import type { RedisWorld } from '../world.ts';
import type { Fault } from './fault.ts';

const setting = async (redis: RedisServer, name: string, value: string, before: string) => {
  await redis.send('CONFIG', 'SET', name, value);
  return () => redis.send('CONFIG', 'SET', name, before);
};
/** About how long loading takes, in microseconds. */
const loadingUs = 3_000_000;
const isLoaded = async (redis: RedisServer) =>
  String(await redis.send('INFO', 'persistence')).includes('\nloading:0');

/** Faults of its process. */
const processFaults: Fault<RedisWorld>[] = [
  {
    name: 'redis-kill',
    what: 'Redis is killed (SIGKILL) and started again with all its data',
    isShort: true,
    async begin({ redis }) {
      await redis.kill();
      return redis.restart;
    },
  },
  ...[1000, 5000].map(
    (lastsMs): Fault<RedisWorld> => ({
      name: `redis-stop-${lastsMs / 1000}`,
      what: `Redis stands still (SIGSTOP) for ${lastsMs / 1000} s`,
      lastsMs,
      begin({ redis }) {
        redis.pause();
        return redis.resume;
      },
    }),
  ),
  {
    name: 'redis-sleep',
    what: 'one command blocks Redis for 2 s (DEBUG SLEEP)',
    begin({ redis }) {
      const slept = redis.send('DEBUG', 'SLEEP', 2);
      return () => slept;
    },
  },
  {
    name: 'redis-loading',
    what: 'Redis is killed, and loads its data slowly (LOADING)',
    lastsMs: 0,
    async begin({ redis }) {
      const keys = Number(await redis.send('DBSIZE'));
      await redis.send('CONFIG', 'SET', 'key-load-delay', Math.ceil(loadingUs / keys));
      await redis.send('CONFIG', 'REWRITE');
      await redis.send('BGREWRITEAOF');
      await until(async () =>
        String(await redis.send('INFO', 'persistence')).includes('aof_rewrite_in_progress:0'),
      );
      await redis.kill();
      await redis.restart();
      await until(() => isLoaded(redis), 60_000);
      return async () => {
        await redis.send('CONFIG', 'SET', 'key-load-delay', 0);
        await redis.send('CONFIG', 'REWRITE');
      };
    },
  },
  {
    name: 'redis-pause-all',
    what: 'Redis answers nothing (CLIENT PAUSE … ALL)',
    begin({ redis }) {
      const paused = redis.send('CLIENT', 'PAUSE', 1500, 'ALL');
      return () => paused;
    },
  },
  {
    name: 'redis-pause-writes',
    what: 'Redis answers no write (CLIENT PAUSE … WRITE)',
    async begin({ redis }) {
      await redis.send('CLIENT', 'PAUSE', 60_000, 'WRITE');
      return () => redis.send('CLIENT', 'UNPAUSE');
    },
  },
  {
    name: 'redis-client-kill',
    what: 'Redis closes the connections of all clients 10 times a second (CLIENT KILL)',
    begin({ redis }) {
      const timer = setInterval(() => {
        for (const type of ['pubsub', 'normal']) {
          redis.send('CLIENT', 'KILL', 'TYPE', type).catch(() => undefined);
        }
      }, 100);
      return () => clearInterval(timer);
    },
  },
];

/** Faults in which it refuses. */
const refusals: Fault<RedisWorld>[] = [
  {
    name: 'redis-full',
    what: 'the memory of Redis is full (noeviction); a revocation must be acknowledged meanwhile',
    async begin({ redis, load }) {
      // Nothing is created meanwhile, so there must be enough to revoke.
      await until(() => load.good() >= 12);
      const end = await setting(redis, 'maxmemory', '1mb', '0');
      const before = load.changes();
      try {
        await until(() => load.changes() > before + 1);
      } catch (error) {
        await end();
        throw error;
      }
      return end;
    },
  },
  {
    name: 'redis-misconf',
    what: 'a save to disk has failed: Redis refuses writes (MISCONF)',
    async begin({ redis }) {
      const [, folder] = (await redis.send('CONFIG', 'GET', 'dir')) as [string, string];
      // A folder of the name that the dump should get.
      await mkdir(join(folder, 'taken'));
      await redis.send('CONFIG', 'SET', 'dbfilename', 'taken', 'save', '3600 1');
      await redis.send('BGSAVE');
      await until(async () =>
        String(await redis.send('INFO', 'persistence')).includes('rdb_last_bgsave_status:err'),
      );
      return async () => {
        await redis.send('CONFIG', 'SET', 'dbfilename', 'dump.rdb', 'save', '');
        await rm(join(folder, 'taken'), { recursive: true });
        await redis.send('BGSAVE');
      };
    },
  },
  {
    name: 'redis-readonly',
    what: 'Redis becomes the replica of a master that is gone (READONLY), then a master again',
    async begin({ redis }) {
      await redis.send('REPLICAOF', '127.0.0.1', 1);
      return () => redis.send('REPLICAOF', 'NO', 'ONE');
    },
  },
  {
    name: 'redis-password',
    what: 'Redis gets a password that Usher does not have, and closes all connections (NOAUTH)',
    async begin({ redis }) {
      const client = new Redis({ port: redis.port, host: '127.0.0.1', protocol: 2 });
      await client.config('SET', 'requirepass', 'another');
      await client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      return async () => {
        await client.config('SET', 'requirepass', '');
        client.disconnect();
      };
    },
  },
  {
    name: 'redis-garbage',
    what: 'others publish garbage, and repeat messages, on the channels of the feed',
    begin({ redis }) {
      const timer = setInterval(() => {
        for (const channel of ['__redis__:invalidate', 'usher:{log}:changes']) {
          for (const text of ['', 'usher:token:', '1 a b c', '\u{fffd}'.repeat(1000)]) {
            redis.send('PUBLISH', channel, text).catch(() => undefined);
          }
        }
      }, 50);
      return () => clearInterval(timer);
    },
  },
];

/** Faults of one Redis that keeps every write. */
export const redisFaults = [...processFaults, ...refusals];
