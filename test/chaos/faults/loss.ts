/** Faults of a Redis that loses what it has acknowledged. */

import { StoreService } from '../../../src/gen/usher/v1/store_pb.ts';
import { clientOf } from '../../server/api.ts';
import { until } from '../../until.ts';
import { leaseMs, type RedisWorld } from '../world.ts';
import type { Fault } from './fault.ts';

const lossy = { isLossy: true, isRuinous: true, lastsMs: 0 };

/** Waits until more was created and revoked than before, which then is what gets lost. */
export async function untilChanged({ load }: Pick<RedisWorld, 'load'>): Promise<void> {
  const [created, changes] = [load.created(), load.changes()];
  await until(() => load.created() > created + 8 && load.changes() > changes + 8);
}

/** Lets no change begin for a lease, so that every replica has read the end of the log. */
export async function holdChanges({ load }: Pick<RedisWorld, 'load'>): Promise<void> {
  load.hold(true);
  await new Promise(resolve => setTimeout(resolve, leaseMs));
}

const allDown = ({ ushers }: RedisWorld) =>
  until(async () => {
    const answers = await Promise.all(ushers.map(({ http }) => fetch(`http://${http}/readyz`)));
    return answers.every(({ status }) => status === 503);
  });

/** Lets an operator accept the store as it is; what was acknowledged before is gone then. */
async function accept({ ushers, load }: RedisWorld): Promise<void> {
  load.forget();
  for (const { http, manager, adminToken } of ushers) {
    await until(async () => {
      const isReady = (await fetch(`http://${http}/readyz`)).status === 200;
      // One that has seen more of the lost log than those before it has to be asked itself.
      if (!isReady) await clientOf(StoreService, manager, adminToken).acceptStore({});
      return isReady;
    });
  }
  load.forget();
}

/** Faults of one Redis. */
export const lossFaults: Fault<RedisWorld>[] = [
  {
    name: 'rollback',
    what: 'Redis is killed and comes back from an older dump; all replicas knew the changes it lost',
    ...lossy,
    isShort: true,
    async begin(world) {
      await world.redis.send('SAVE');
      await untilChanged(world);
      await holdChanges(world);
      await world.redis.kill();
      return async () => {
        await world.redis.restart();
        world.load.hold(false);
      };
    },
  },
  {
    name: 'rollback-busy',
    what: 'the same, amid changes: no replica knows all that is lost',
    ...lossy,
    async begin(world) {
      await world.redis.send('SAVE');
      await untilChanged(world);
      await world.redis.kill();
      return world.redis.restart;
    },
  },
  ...['FLUSHALL', 'FLUSHDB'].map(
    (command): Fault<RedisWorld> => ({
      name: command.toLowerCase(),
      what: `${command} amid changes, until Redis is restarted from a dump of some seconds before`,
      ...lossy,
      async begin(world) {
        await world.redis.send('SAVE');
        await untilChanged(world);
        await world.redis.send(command);
        await allDown(world);
        await world.redis.kill();
        return world.redis.restart;
      },
    }),
  ),
  {
    name: 'emptied',
    what: 'Redis is killed and comes back empty; an operator runs `usher store accept` for each replica that stays down',
    ...lossy,
    async begin(world) {
      await world.redis.kill();
      await world.redis.restart();
      await allDown(world);
      return () => accept(world);
    },
  },
];
