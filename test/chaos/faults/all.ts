/** All faults, by the store on which they are played. */

import type { Random } from '../../model/random.ts';
import { clusterWorld, lmdbWorld, redisWorld, sentinelWorld, type World } from '../world.ts';
import { clusterFaults } from './cluster.ts';
import type { Fault } from './fault.ts';
import { linkFaults } from './link.ts';
import { lossFaults } from './loss.ts';
import { redisFaults } from './redis.ts';
import { sentinelFaults } from './sentinel.ts';
import { usherFaults, workerFaults } from './usher.ts';

/** The stores on which faults are played. */
export const storeNames = ['lmdb', 'redis', 'sentinel', 'cluster'] as const;

/** One of them. */
export type StoreName = (typeof storeNames)[number];

/** Faults that can be played one after the other in a world. */
export interface Playlist<W extends World = World> {
  store: StoreName;
  open(random: Random): Promise<W>;
  faults: Fault<W>[];
}

/** Hides the kind of the world: what is opened is what the faults get. */
const playlist = <W extends World>(list: Playlist<W>) => list as unknown as Playlist;

/** All playlists. */
export const playlists: Playlist[] = [
  playlist({ store: 'lmdb', open: lmdbWorld, faults: [...workerFaults, ...usherFaults] }),
  playlist({
    store: 'redis',
    open: random => redisWorld(random, 'aof'),
    faults: [...usherFaults, ...linkFaults, ...redisFaults],
  }),
  playlist({ store: 'redis', open: random => redisWorld(random, 'dump'), faults: lossFaults }),
  playlist({ store: 'sentinel', open: sentinelWorld, faults: [...usherFaults, ...sentinelFaults] }),
  playlist({ store: 'cluster', open: clusterWorld, faults: [...usherFaults, ...clusterFaults] }),
];
