/** Starts Redis as a Cluster, and behind Sentinels. */

import type { Certificates } from '../../certificates.ts';
import { freePort } from '../../free-port.ts';
import { until } from '../../until.ts';
import { type RedisServer, startRedis } from './server.ts';

/** A running Cluster of three masters. */
export interface RedisCluster {
  readonly url: string;
  readonly nodes: RedisServer[];
  stop(): Promise<void>;
}

const slots = 16_384;
const clusterConfig = [
  'cluster-enabled yes',
  'cluster-config-file nodes.conf',
  'cluster-node-timeout 1000',
  'cluster-require-full-coverage no',
];

/**
 * Starts a Cluster with a third of the slots per node; `more` are lines for their configuration.
 */
export async function startCluster(more: string[] = [], tls?: Certificates): Promise<RedisCluster> {
  const config = [...clusterConfig, ...(tls ? ['tls-cluster yes'] : []), ...more];
  const nodes = await Promise.all(
    [0, 1, 2].map(() => startRedis({ config, persistent: true, tls })),
  );
  const edges = [0, 1, 2, 3].map(i => Math.floor((slots * i) / 3));
  for (const [i, node] of nodes.entries()) {
    await node.send('CLUSTER', 'SET-CONFIG-EPOCH', i + 1);
    await node.send('CLUSTER', 'ADDSLOTSRANGE', edges[i] ?? 0, (edges[i + 1] ?? slots) - 1);
    for (const other of nodes.slice(0, i)) {
      await node.send('CLUSTER', 'MEET', '127.0.0.1', other.port);
    }
  }
  for (const node of nodes) {
    await until(async () => {
      const info = String(await node.send('CLUSTER', 'INFO'));
      return /cluster_state:ok/.test(info) && /cluster_slots_ok:16384/.test(info);
    });
  }
  return {
    url: `redis${tls ? 's' : ''}-cluster://${nodes.map(node => `127.0.0.1:${node.port}`).join(',')}`,
    nodes,
    stop: async () => void (await Promise.all(nodes.map(node => node.stop()))),
  };
}

/** Adds a replica to each master, and waits until it is in sync. */
export async function addReplicas({ nodes }: RedisCluster): Promise<RedisServer[]> {
  return await Promise.all(
    nodes.map(async master => {
      const replica = await addNode(nodes[0] ?? master);
      const id = String(await master.send('CLUSTER', 'MYID'));
      await until(async () => (await replica.send('CLUSTER', 'REPLICATE', id)) === 'OK');
      await until(async () => ((await replica.send('ROLE')) as string[])[3] === 'connected');
      for (const node of nodes) {
        const myId = String(await replica.send('CLUSTER', 'MYID'));
        await until(async () =>
          new RegExp(`^${myId} .*slave ${id}`, 'm').test(
            String(await node.send('CLUSTER', 'NODES')),
          ),
        );
      }
      return replica;
    }),
  );
}

/** Starts a node without slots, and adds it to the Cluster. */
export async function addNode(met: RedisServer): Promise<RedisServer> {
  const node = await startRedis({ config: clusterConfig, persistent: true });
  await node.send('CLUSTER', 'MEET', '127.0.0.1', met.port);
  await until(async () => {
    const info = String(await node.send('CLUSTER', 'INFO'));
    return /cluster_state:ok/.test(info) && /cluster_slots_ok:16384/.test(info);
  });
  return node;
}

/** A master and its replica behind three Sentinels. */
export interface RedisSentinels {
  readonly url: string;
  readonly master: RedisServer;
  readonly replica: RedisServer;
  readonly sentinels: RedisServer[];
  stop(): Promise<void>;
}

/** Starts all servers, and waits until the Sentinels know the replica and each other. */
export async function startSentinels(tls?: Certificates): Promise<RedisSentinels> {
  const master = await startRedis({ tls });
  const replica = await startRedis({ config: [`replicaof 127.0.0.1 ${master.port}`], tls });
  const sentinels = await Promise.all(
    [0, 1, 2].map(async () =>
      startRedis({
        port: await freePort(),
        sentinel: true,
        tls,
        config: [
          `sentinel monitor usher 127.0.0.1 ${master.port} 2`,
          'sentinel down-after-milliseconds usher 500',
          'sentinel failover-timeout usher 2000',
        ],
      }),
    ),
  );
  for (const sentinel of sentinels) {
    await until(async () => {
      const replicas = (await sentinel.send('SENTINEL', 'REPLICAS', 'usher')) as string[][];
      const others = (await sentinel.send('SENTINEL', 'SENTINELS', 'usher')) as string[][];
      return (
        replicas.length === 1 &&
        others.length === 2 &&
        replicas[0]?.[replicas[0].indexOf('master-link-status') + 1] === 'ok'
      );
    });
  }
  const all = [master, replica, ...sentinels];
  return {
    url: `redis${tls ? 's' : ''}-sentinel://${sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')}/usher`,
    master,
    replica,
    sentinels,
    stop: async () => void (await Promise.all(all.map(server => server.stop()))),
  };
}
