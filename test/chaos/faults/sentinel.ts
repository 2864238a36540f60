/** Faults of Redis behind Sentinels. Replication is asynchronous: a failover may lose writes. */

import type { RedisServer } from '../../store/redis/server.ts';
import { until } from '../../until.ts';
import type { SentinelWorld } from '../world.ts';
import type { Fault } from './fault.ts';
import { holdChanges, untilChanged } from './loss.ts';

const failover = { isLossy: true, isRuinous: true, lastsMs: 0 };

/** Waits until a Redis replica is a master. */
export async function untilPromoted(replica: RedisServer): Promise<void> {
  await until(async () => ((await replica.send('ROLE')) as string[])[0] === 'master', 60_000);
}

/** Keeps the replica from its master. */
async function blockReplication(master: RedisServer): Promise<void> {
  await master.send('ACL', 'SETUSER', 'default', '-psync', '-sync', '-replconf');
  await master.send('CLIENT', 'KILL', 'TYPE', 'replica');
}

/** Faults of the servers behind Sentinels. */
export const sentinelFaults: Fault<SentinelWorld>[] = [
  {
    name: 'failover',
    what: 'the master is killed, and the Sentinels promote its replica',
    ...failover,
    async begin({ redis }) {
      await redis.master.kill();
      return () => untilPromoted(redis.replica);
    },
  },
  {
    name: 'failover-lost',
    what: 'replication is blocked, then changes are made and known to all replicas; the master is killed',
    ...failover,
    isShort: true,
    async begin(world) {
      const { redis, load } = world;
      await blockReplication(redis.master);
      await untilChanged(world);
      await holdChanges(world);
      await redis.master.kill();
      return async () => {
        await untilPromoted(redis.replica);
        load.hold(false);
      };
    },
  },
  {
    name: 'failover-busy',
    what: 'the same, amid changes: no replica knows all that is lost',
    ...failover,
    async begin(world) {
      const { redis } = world;
      await blockReplication(redis.master);
      await untilChanged(world);
      await redis.master.kill();
      return () => untilPromoted(redis.replica);
    },
  },
  {
    name: 'deposed',
    what: 'the master stands still until its replica is promoted, then goes on as if a master',
    ...failover,
    async begin({ redis }) {
      redis.master.pause();
      await untilPromoted(redis.replica);
      return redis.master.resume;
    },
  },
  {
    name: 'no-quorum',
    what: 'two of three Sentinels are killed and started again',
    async begin({ redis: { sentinels } }) {
      for (const each of sentinels.slice(1)) await each.kill();
      return () => Promise.all(sentinels.slice(1).map(each => each.restart()));
    },
  },
];
