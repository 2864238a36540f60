/** Faults of a Redis Cluster. */

import type { Random } from '../../model/random.ts';
import type { RedisServer } from '../../store/redis/server.ts';
import { addReplicas } from '../../store/redis/topologies.ts';
import { until } from '../../until.ts';
import type { ClusterWorld } from '../world.ts';
import type { Fault } from './fault.ts';
import { untilPromoted } from './sentinel.ts';

const pickTwo = (nodes: readonly RedisServer[], random: Random): [RedisServer, RedisServer] => {
  const from = random.pick(nodes);
  return [from, random.pick(nodes.filter(node => node !== from))];
};

/** Begins to move the slot of the audit log; half of its keys stay where they are. */
async function beginMigration({ cluster: { nodes } }: ClusterWorld) {
  const slot = Number(await nodes[0]?.send('CLUSTER', 'KEYSLOT', '{log}'));
  const counts = await Promise.all(
    nodes.map(node => node.send('CLUSTER', 'COUNTKEYSINSLOT', slot)),
  );
  const owner = counts.findIndex(count => Number(count) > 0);
  const from = nodes[owner] as RedisServer;
  const to = nodes[(owner + 1) % nodes.length] as RedisServer;
  const [fromId, toId] = [await from.send('CLUSTER', 'MYID'), await to.send('CLUSTER', 'MYID')];
  await to.send('CLUSTER', 'SETSLOT', slot, 'IMPORTING', String(fromId));
  await from.send('CLUSTER', 'SETSLOT', slot, 'MIGRATING', String(toId));
  const move = async (share: number) => {
    const keys = (await from.send('CLUSTER', 'GETKEYSINSLOT', slot, 100_000)) as string[];
    const some = keys.slice(0, Math.ceil(keys.length * share));
    if (some.length === 0) return true;
    await from.send('MIGRATE', '127.0.0.1', to.port, '', 0, 5000, 'KEYS', ...some);
    return false;
  };
  await move(0.5);
  return async () => {
    // On a busy machine a command can take longer than its client waits: the move goes on until it is over.
    await until(() => move(1).catch(() => false));
    for (const node of [to, from, ...nodes]) {
      const settle = () => node.send('CLUSTER', 'SETSLOT', slot, 'NODE', String(toId));
      await until(() =>
        settle().then(
          () => true,
          () => false,
        ),
      );
    }
  };
}

/** Faults of a Cluster of three masters. */
export const clusterFaults: Fault<ClusterWorld>[] = [
  {
    name: 'master-kill',
    what: 'one of three masters is killed and started again',
    isShort: true,
    async begin({ cluster: { nodes } }, random) {
      const node = random.pick(nodes);
      await node.kill();
      return node.restart;
    },
  },
  {
    name: 'master-stop',
    what: 'one of three masters stands still (SIGSTOP)',
    begin({ cluster: { nodes } }, random) {
      const node = random.pick(nodes);
      node.pause();
      return node.resume;
    },
  },
  {
    name: 'slots-move',
    what: "the audit log's slot moves to another master under load (ASK, MOVED, TRYAGAIN)",
    begin: beginMigration,
  },
  {
    name: 'cluster-down',
    what: 'a master is killed, and the others refuse all (CLUSTERDOWN, full coverage required)',
    async begin({ cluster: { nodes } }, random) {
      const [dead, other] = pickTwo(nodes, random);
      for (const node of nodes) {
        await node.send('CONFIG', 'SET', 'cluster-require-full-coverage', 'yes');
      }
      await dead.kill();
      await until(async () =>
        String(await other.send('CLUSTER', 'INFO')).includes('cluster_state:fail'),
      );
      return async () => {
        await dead.restart();
        for (const node of nodes) {
          await node.send('CONFIG', 'SET', 'cluster-require-full-coverage', 'no');
        }
      };
    },
  },
  {
    name: 'cluster-failover',
    what: 'each master gets a replica; one master is killed, and its replica is promoted',
    ...{ isLossy: true, isRuinous: true, lastsMs: 0 },
    async begin({ cluster }, random) {
      const replicas = await addReplicas(cluster);
      const stop = cluster.stop;
      cluster.stop = async () => {
        await Promise.all(replicas.map(replica => replica.stop()));
        await stop();
      };
      const at = Math.floor(random.next() * replicas.length);
      const [master, replica] = [cluster.nodes[at], replicas[at]] as [RedisServer, RedisServer];
      await master.kill();
      return () => untilPromoted(replica);
    },
  },
];
