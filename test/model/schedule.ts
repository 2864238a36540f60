/** Plays one schedule of the model: random load, changes and faults, checked by the oracle. */

import { UsherUnavailable } from '../../src/client/unavailable.ts';
import { Unavailable } from '../../src/store/store.ts';
import type { Made } from './access-tokens.ts';
import { createAdmin } from './admin.ts';
import type { Network } from './clients.ts';
import { heal, injectFault, type Victims } from './faults.ts';
import { type Credential, createOracle } from './oracle.ts';
import { createRandom } from './random.ts';
import { createRedis } from './redis.ts';
import { type Replica, startReplica, wallBetween, wallStartMs } from './replica.ts';
import { type Service, startService } from './service.ts';
import { createWorld } from './world.ts';

/** The bound of the promise, and the duration of the faults, in milliseconds. */
const boundMs = 2000;
const troubleMs = 12_000;
/** Within this time after the faults, verdicts must be right again, in milliseconds. */
const recoveryMs = 8000;

/** The outcome of a schedule. */
export interface Outcome {
  verdicts: number;
  /** The number of occurrences of each fault and each outcome. */
  counts: Map<string, number>;
  /** The wrong verdict that the oracle found, with all events before it. */
  wrong: string | undefined;
  story: string[];
}

/** Plays the schedule of a seed. */
export async function playSchedule(seed: number, made: readonly Made[]): Promise<Outcome> {
  const random = createRandom(seed);
  const world = createWorld(random);
  const redis = createRedis();
  let wrong: string | undefined;
  const story: string[] = [];
  const counts = new Map<string, number>();
  const count = (name: string) => counts.set(name, (counts.get(name) ?? 0) + 1);
  const note = (text: string) => void (wrong ?? story.push(`${world.now().toFixed(1)} ${text}`));
  const staleMaxMs = random.pick([0, 0, 3000]);
  const judge = createOracle({ boundMs, staleMaxMs, unknownTtlMs: 1000 });
  const admin = createAdmin({ world, redis, random }, note);
  let verdicts = 0;

  const replicas: Replica[] = [];
  for (let at = 0; at < random.pick([1, 2, 2, 3]); at++) {
    const actor = world.actor(`usher${at}`);
    const network: Network = {
      ...{ world, redis, random, actor, cutOff: false, data: undefined, feed: undefined },
      delayMs: () => (random.chance(0.9) ? random.between(0.1, 2) : random.between(2, 40)),
      // A name, or a Sentinel, may lead to the old master for a while.
      target: () => (random.chance(0.7) ? redis.master() : random.pick(redis.servers)),
    };
    world.later(random.between(0, 100), actor, 'start', () => {
      replicas.push(startReplica(network, staleMaxMs));
    });
  }

  const services: Service[] = [];
  if (random.chance(0.5)) {
    const actor = world.actor('service');
    world.later(200, actor, 'start', () => {
      services.push(startService({ world, random, actor }, replicas));
    });
  }

  /** Verifies at a process now; `startedMs` may be earlier. */
  const verify = async (who: Replica | Service, credential: Credential, startedMs: number) => {
    const { name, outcomeOf, context } = askerOf(who, replicas);
    const isFinal = world.now() > troubleMs + recoveryMs;
    try {
      const outcome = await outcomeOf(credential.header);
      verdicts++;
      const endedMs = world.now();
      const text = outcome.valid ? (outcome.stale ? 'valid, stale' : 'valid') : outcome.reason;
      count(`${text}${'usher' in who ? ' (SDK)' : ''}`);
      note(`${name} says ${text} of ${credential.name}, asked at ${startedMs.toFixed(1)}`);
      wrong ??= judge({ credential, startedMs, endedMs, outcome, ...context(startedMs, endedMs) });
      if (isFinal && outcome.stale) wrong ??= 'still stale, long after the last fault';
    } catch (error) {
      if (!(error instanceof Unavailable || error instanceof UsherUnavailable)) throw error;
      count('UNAVAILABLE');
      note(`${name} cannot know of ${credential.name}, asked at ${startedMs.toFixed(1)}`);
      if (isFinal) wrong ??= 'still unavailable, long after the last fault';
    }
  };
  const anyCredential = () => {
    const tokens = admin.issued.filter(() => random.chance(0.7));
    return random.pick((tokens.length > 0 ? tokens : admin.issued).flatMap(t => t.credentials));
  };
  let requests = 0;
  const ask = (who: Replica | Service, credential: Credential) => {
    const startedMs = world.now();
    const { actor } = 'usher' in who ? who : who.network;
    world.later(random.between(0, 3), actor, `request${requests++}`, () => {
      void verify(who, credential, startedMs);
    });
  };
  const askers = () => [...replicas, ...services, ...services];
  const victims: Victims = {
    ...{ world, redis, random, replicas, services },
    wedge: who => void verify(who, anyCredential(), world.now()),
    note(text) {
      count(text.replace(/ \(.*/, ''));
      note(text);
    },
  };
  const often = (meanMs: number, task: () => void) => {
    const again = () => {
      if (world.now() > troubleMs) return;
      task();
      world.later(random.between(0, 2 * meanMs), undefined, 'load', again);
    };
    world.later(random.between(0, 2 * meanMs), undefined, 'load', again);
  };

  try {
    const pool = [...made].sort(() => random.next() - 0.5).slice(0, 6);
    for (const each of pool.slice(0, 3)) admin.create(each);
    await world.runUntil(500);
    let next = 3;
    often(3000, () => next < pool.length && admin.create(pool[next++] as Made));
    often(1500, admin.end);
    often(random.pick([400, 1000, 2500]), () => injectFault(victims));
    often(random.pick([20, 60, 150]), () => {
      const [who, credential] = [random.pick(askers()), anyCredential()];
      for (let n = random.pick([1, 1, 1, 3]); n > 0; n--) ask(who, credential);
    });
    await world.runUntil(troubleMs);
    heal(victims);
    await world.runUntil(troubleMs + recoveryMs);
    for (const who of [...replicas, ...services]) {
      for (const { credentials } of admin.issued) {
        for (const credential of credentials) ask(who, credential);
      }
    }
    await world.runUntil(troubleMs + recoveryMs + 2000);
  } finally {
    world.end();
  }
  return { verdicts, counts, wrong, story };
}

let answers = 0;

/** How to ask a replica or a service with the SDK, and what the oracle must know about it. */
function askerOf(who: Replica | Service, replicas: readonly Replica[]) {
  if ('usher' in who) {
    const isSet = [...replicas.map(({ wall }) => wall.history.length), who.steps].some(n => n > 1);
    const leastMs = isSet ? Number.NEGATIVE_INFINITY : wallStartMs;
    return {
      name: who.actor.name,
      outcomeOf: async (header: string) => outcomeOf(await who.usher.verify(header)),
      // It may switch to another replica, which may not know what the earlier one has answered.
      context: (startedMs: number, endedMs: number) => ({
        where: `answer ${answers++}`,
        storeFailed: replicas.some(({ failedMs }) => failedMs >= startedMs),
        wallMs: { least: leastMs + startedMs, greatest: wallStartMs + endedMs + 7_200_000 },
      }),
    };
  }
  const { name } = who.network.actor;
  return {
    name,
    outcomeOf: async (header: string) => outcomeOf(await who.verify({ header })),
    context: (startedMs: number, endedMs: number) => ({
      where: name,
      storeFailed: who.failedMs >= startedMs,
      wallMs: wallBetween(who, startedMs, endedMs),
    }),
  };
}

function outcomeOf(verdict: { valid: boolean; stale: boolean; reason?: string }) {
  const { valid, stale, reason } = verdict;
  return { valid, stale, ...(reason === undefined ? {} : { reason }) };
}
