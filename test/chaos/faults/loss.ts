/** Faults of a Redis that loses what it has acknowledged. */

import { StoreService } from '../../../src/gen/usher/v1/store_pb.ts';
import { clientOf } from '../../server/api.ts';
import { until } from '../../until.ts';
import type { RedisWorld } from '../world.ts';
import type { Fault } from './fault.ts';

const lossy = { isLossy: true, isRuinous: true, lastsMs: 0 };

/** Waits until more was created and revoked than before, which then is what gets lost. */
export async function untilChanged({ load }: Pick<RedisWorld, 'load'>): Promise<void> {
  const [created, changes] = [load.created(), load.changes()];
  await until(() => load.created() > created + 8 && load.changes() > changes + 8);
}

const allDown = ({ ushers }: RedisWorld) =>
  until(async () => {
    const answers = await Promise.all(ushers.map(({ http }) => fetch(`http://${http}/readyz`)));
    return answers.every(({ status }) => status === 503);
  });

/** Lets an operator accept the store as it is; what was acknowledged before is gone then. */
async function accept({ ushers, load }: RedisWorld): Promise<void> {
  load.forget();
  const [usher] = ushers;
  if (usher === undefined) return;
  await until(async () => {
    await clientOf(StoreService, usher.manager, usher.adminToken).acceptStore({});
    return true;
  });
  load.forget();
}

/** Faults of one Redis. */
export const lossFaults: Fault<RedisWorld>[] = [
  {
    name: 'rollback',
    what: 'Redis is killed and comes back from an older dump, without the last changes',
    ...lossy,
    isShort: true,
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
      what: `${command}, until Redis is restarted from a dump of some seconds before`,
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
    what: 'Redis is killed and comes back empty; an operator runs `usher store accept`',
    ...lossy,
    async begin(world) {
      await world.redis.kill();
      await world.redis.restart();
      await allDown(world);
      return () => accept(world);
    },
  },
];
