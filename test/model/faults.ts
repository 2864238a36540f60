/** The random faults of the model, and their end. */

import { tokenKey } from '../../src/store/redis/keys.ts';
import type { Random } from './random.ts';
import type { Redis } from './redis.ts';
import type { Replica } from './replica.ts';
import type { Service } from './service.ts';
import type { World } from './world.ts';

/** What the faults act on. */
export interface Victims {
  world: World;
  redis: Redis;
  random: Random;
  replicas: Replica[];
  services: Service[];
  /** Starts a verification now, in the middle of a stall. */
  wedge(who: Replica | Service): void;
  note(text: string): void;
}

/** A fault; some end on their own later. */
type Fault = (victims: Victims, replica: Replica) => void;

const lastsMs = (random: Random) =>
  random.chance(0.5) ? random.between(50, 1000) : random.between(1000, 6000);
const later = ({ world, random }: Victims, task: () => void) =>
  void world.later(lastsMs(random), undefined, 'faults', task);

const shortMs =
  ({ random }: Victims) =>
  () =>
    random.between(0.1, 2);

const silence = (kind: 'data' | 'feed'): Fault => {
  return (victims, { network }) => {
    const wire = network[kind];
    wire?.silence(true);
    // Sometimes it never ends: the connection is half-open for one side.
    if (victims.random.chance(0.7)) later(victims, () => wire?.silence(false));
  };
};

const slow = (kind: 'data' | 'feed'): Fault => {
  return (victims, { network }) => {
    const wire = network[kind];
    if (wire === undefined) return;
    const mostMs = victims.random.pick([100, 400, 1500]);
    wire.delayMs = () => victims.random.between(mostMs / 4, mostMs);
    later(victims, () => {
      wire.delayMs = network.delayMs;
    });
  };
};

/** All faults of a replica and of Redis, by name. */
const faults: Record<string, Fault> = {
  'feed cut': (_, { network }) => network.feed?.cut(),
  'data cut': (_, { network }) => network.data?.cut(),
  'feed silent': silence('feed'),
  'data silent': silence('data'),
  'feed slow': slow('feed'),
  'data slow': slow('data'),
  'cut off': (victims, { network }) => {
    network.cutOff = true;
    const wires = [network.feed, network.data];
    for (const wire of wires) wire?.silence(true);
    later(victims, () => {
      network.cutOff = false;
      for (const wire of [...wires, network.feed, network.data]) wire?.silence(false);
    });
  },
  'redis stopped': victims => {
    const { redis, random } = victims;
    const server = random.pick(redis.servers);
    redis.stop(server);
    later(victims, () => redis.resume(server));
  },
  'redis killed': victims => {
    const { redis } = victims;
    const server = redis.master();
    redis.kill(server);
    later(victims, () => redis.restart(server));
  },
  stall: ({ world, random, wedge }, replica) => {
    const forMs = random.chance(0.5) ? random.between(50, 500) : random.between(500, 5000);
    world.stall(replica.network.actor, forMs, () => wedge(replica));
  },
  'failover, the old one alive': victims => {
    const { redis, random } = victims;
    if (redis.servers.some(({ up, stopped }) => !up || stopped)) return;
    const linked = random.chance(0.3);
    redis.failover(linked);
    if (!linked) later(victims, redis.link);
  },
  'failover, the old one dead': victims => {
    const { redis } = victims;
    if (redis.servers.some(({ up, stopped }) => !up || stopped)) return;
    const before = redis.master();
    redis.failover(true);
    redis.kill(before);
    later(victims, () => redis.restart(before));
  },
  'garbage invalidations': ({ redis, random }) => {
    const server = random.pick(redis.servers);
    const known = [...server.data.keys()].slice(0, 3);
    const garbage = [known, known, [tokenKey('')], ['\u{fffd}'], [tokenKey('probe:none')], null];
    redis.invalidate(server, random.pick(garbage));
  },
  'wall clock set': ({ world, random }, { wall }) => {
    wall.offsetMs = random.pick([-3_600_000, -60_000, -500, 0, 500, 60_000, 3_600_000]);
    wall.history.push({ atMs: world.now(), offsetMs: wall.offsetMs });
  },
};

/** The faults between a service with the SDK and a replica, by name. */
const serviceFaults: Record<string, (victims: Victims, service: Service) => void> = {
  'link cut': ({ random }, { links }) => random.pick(links).cut(),
  'link silent': (victims, { links }) => {
    const { pipe } = victims.random.pick(links);
    pipe.silence(true);
    if (victims.random.chance(0.7)) later(victims, () => pipe.silence(false));
  },
  'link slow': (victims, { links }) => {
    const { pipe } = victims.random.pick(links);
    pipe.delayMs = () => victims.random.between(50, 700);
    later(victims, () => {
      pipe.delayMs = shortMs(victims);
    });
  },
  'service stalled': ({ world, random, wedge }, service) => {
    world.stall(service.actor, random.between(50, 5000), () => wedge(service));
  },
  'wall clock of the service set': ({ random }, service) => {
    service.wall.offsetMs = random.pick([-3_600_000, 0, 500, 3_600_000]);
    service.steps++;
  },
};

/** Injects a random fault. */
export function injectFault(victims: Victims): void {
  const service = victims.services[0];
  if (service !== undefined && victims.random.chance(0.3)) {
    const name = victims.random.pick(Object.keys(serviceFaults));
    victims.note(name);
    serviceFaults[name]?.(victims, service);
    return;
  }
  const name = victims.random.pick(Object.keys(faults));
  const replica = victims.random.pick(victims.replicas);
  victims.note(`${name} (${replica.network.actor.name})`);
  faults[name]?.(victims, replica);
}

/** Ends all faults that do not end on their own. */
export function heal(victims: Victims): void {
  const { redis, replicas, services } = victims;
  for (const { pipe } of services.flatMap(({ links }) => links)) {
    pipe.silence(false);
    pipe.delayMs = shortMs(victims);
  }
  for (const server of redis.servers) {
    if (!server.up) redis.restart(server);
    if (server.stopped) redis.resume(server);
  }
  redis.link();
  for (const { network } of replicas) {
    network.cutOff = false;
    for (const wire of [network.feed, network.data]) {
      wire?.silence(false);
      if (wire !== undefined) wire.delayMs = network.delayMs;
    }
  }
}
