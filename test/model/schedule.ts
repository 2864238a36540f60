/** One schedule of the model: load, changes and faults by chance, and what the oracle says of it. */

import { Unavailable } from '../../src/store/store.ts';
import type { Made } from './access-tokens.ts';
import { createAdmin } from './admin.ts';
import type { Network } from './clients.ts';
import { heal, injectFault, type Victims } from './faults.ts';
import { type Credential, createOracle } from './oracle.ts';
import { createRandom } from './random.ts';
import { createRedis } from './redis.ts';
import { type Replica, startReplica, wallBetween } from './replica.ts';
import { createWorld } from './world.ts';

/** The bound of the promise, and how long faults last. */
const boundMs = 2000;
const troubleMs = 12_000;
/** After the faults, verdicts must be right again within this. */
const recoveryMs = 8000;

/** What a schedule came to. */
export interface Outcome {
  verdicts: number;
  /** How often each fault, and each outcome, came up. */
  counts: Map<string, number>;
  /** What the oracle found wrong, and the story until then. */
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
  const judge = createOracle({ boundMs, staleMaxMs });
  const admin = createAdmin({ world, redis, random }, note);
  let verdicts = 0;

  const replicas: Replica[] = [];
  for (let at = 0; at < random.pick([1, 2, 2, 3]); at++) {
    const actor = world.actor(`usher${at}`);
    const network: Network = {
      ...{ world, redis, random, actor, cutOff: false, data: undefined, feed: undefined },
      delayMs: () => (random.chance(0.9) ? random.between(0.1, 2) : random.between(2, 40)),
      // A name, or a Sentinel, may lead to the one before for a while.
      target: () => (random.chance(0.9) ? redis.master() : random.pick(redis.servers)),
    };
    world.later(random.between(0, 100), actor, 'start', () => {
      replicas.push(startReplica(network, staleMaxMs));
    });
  }

  /** Verifies in the replica's process, now; the start may be from before. */
  const verify = async (
    replica: Replica,
    credential: Credential,
    startedMs: number,
    isFinal: boolean,
  ) => {
    const where = replica.network.actor.name;
    const tell = (outcome: { valid: boolean; stale: boolean; reason?: string }) => {
      verdicts++;
      const endedMs = world.now();
      const text = outcome.valid ? (outcome.stale ? 'valid, stale' : 'valid') : outcome.reason;
      count(`${text}`);
      note(`${where} says ${text} of ${credential.name}, asked at ${startedMs.toFixed(1)}`);
      wrong ??= judge({
        ...{ where, credential, startedMs, endedMs, outcome },
        wallMs: wallBetween(replica, startedMs, endedMs),
        storeFailed: replica.failedMs >= startedMs,
      });
      if (isFinal && outcome.stale) wrong ??= 'still stale, long after the last fault';
    };
    try {
      tell(await replica.verify({ header: credential.header }));
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      count('UNAVAILABLE');
      note(`${where} cannot know of ${credential.name}, asked at ${startedMs.toFixed(1)}`);
      if (isFinal) wrong ??= 'still unavailable, long after the last fault';
    }
  };
  const anyCredential = () => {
    const tokens = admin.issued.filter(() => random.chance(0.7));
    return random.pick((tokens.length > 0 ? tokens : admin.issued).flatMap(t => t.credentials));
  };
  let requests = 0;
  const ask = (replica: Replica, credential: Credential, isFinal = false) => {
    const startedMs = world.now();
    const lane = `request${requests++}`;
    world.later(random.between(0, 3), replica.network.actor, lane, () => {
      void verify(replica, credential, startedMs, isFinal);
    });
  };
  const victims: Victims = {
    ...{ world, redis, random, replicas },
    wedge: replica => void verify(replica, anyCredential(), world.now(), false),
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
      const [replica, credential] = [random.pick(replicas), anyCredential()];
      for (let n = random.pick([1, 1, 1, 3]); n > 0; n--) ask(replica, credential);
    });
    await world.runUntil(troubleMs);
    heal(victims);
    await world.runUntil(troubleMs + recoveryMs);
    for (const replica of replicas) {
      for (const { credentials } of admin.issued) {
        for (const credential of credentials) ask(replica, credential, true);
      }
    }
    await world.runUntil(troubleMs + recoveryMs + 1000);
  } finally {
    world.end();
  }
  return { verdicts, counts, wrong, story };
}
