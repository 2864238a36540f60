/**
 * Load on running servers: constant verifications through all doors, revocations and rotations, with
 * each verdict checked by the oracle.
 *
 * All times are of this process's monotonic clock. The start of a verification is taken before its
 * request is sent, and the acknowledgement of a change after its answer was read. So a verdict that
 * is too late by these times was even later in truth, and the oracle never accuses a correct server.
 */

import { randomUUID } from 'node:crypto';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { adminOf } from '../server/api.ts';
import type { Door } from './doors.ts';
import { type Credential, createOracle, type Ending } from './oracle.ts';

/** The API Manager in which changes are made. */
export interface Manager {
  manager: string;
  adminToken: string;
}

/** A running load. */
export interface Load {
  /** The wrong verdicts that the oracle found. */
  wrong: string[];
  /** The number of verdicts per door. */
  verdicts: Map<string, number>;
  /** The number of acknowledged revocations and rotations. */
  changes(): number;
  /** Waits until every door gives verdicts; resolves to the attempts that the slowest needed. */
  recovered(attemptsMax: number): Promise<number>;
  stop(): Promise<void>;
}

const boundMs = 2000;
const pauseMs = 15;
const changePauseMs = 400;
const administrators = 4;
const tokensAtOnce = 12;
/** Enough, with the pauses between them, that each is asked about for longer than the bound. */
const endedAtOnce = 40;
const never = Number.POSITIVE_INFINITY;
const now = () => performance.now();
const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));
const pick = <T>(list: readonly T[]) => list[Math.floor(Math.random() * list.length)] as T;

/** Starts the load. */
export async function startLoad(
  doors: readonly Door[],
  managers: readonly Manager[],
): Promise<Load> {
  const judge = createOracle({ boundMs, staleMaxMs: 0, unknownTtlMs: 1000 });
  const good: Credential[] = [];
  const ended: Credential[] = [];
  const wrong: string[] = [];
  const verdicts = new Map<string, number>();
  let stopped = false;
  let questions = 0;
  let changes = 0;

  /** Retries a change on any server with one request id until it is acknowledged. */
  const acknowledged = async <T>(change: (admin: ReturnType<typeof adminOf>) => Promise<T>) => {
    for (;;) {
      try {
        return await change(adminOf(pick(managers)));
      } catch (error) {
        if (stopped) throw error;
        await pause(20);
      }
    }
  };
  const options = { timeoutMs: 1500 };
  const create = async () => {
    const requestId = randomUUID();
    const made = await acknowledged(admin =>
      admin.create({ kind: Kind.STATIC, name: 'promise', requestId }, options),
    );
    good.push({
      name: made.accessToken?.id ?? '',
      tokenId: made.accessToken?.id ?? '',
      header: made.token,
      createdAckedMs: now(),
      endings: [],
    });
  };
  const end = async () => {
    const [credential] = good.splice(Math.floor(Math.random() * good.length), 1);
    if (credential === undefined) return;
    const { tokenId: id } = credential;
    const requestId = randomUUID();
    const what = Math.random() < 0.8 ? 'revoke' : 'rotate';
    const ending: Ending = { what, askedMs: now(), ackedMs: never, goodUntilWallMs: 0 };
    credential.endings.push(ending);
    ended.push(credential);
    if (what === 'revoke') await acknowledged(admin => admin.revoke({ id, requestId }, options));
    else await acknowledged(admin => admin.rotate({ id, requestId }, options));
    ending.ackedMs = now();
    changes++;
    if (ended.length > endedAtOnce) ended.shift();
  };

  const verify = async (door: Door, credential: Credential): Promise<boolean> => {
    const startedMs = now();
    const outcome = await door.ask(credential.header).catch(() => undefined);
    if (outcome === undefined) return false;
    verdicts.set(door.name, (verdicts.get(door.name) ?? 0) + 1);
    const problem = judge({
      // A door may lead to several processes: one may not yet know what another has answered.
      where: `question ${questions++}`,
      ...{ credential, startedMs, endedMs: now(), outcome, storeFailed: false },
      wallMs: { least: Date.now(), greatest: Date.now() },
    });
    if (problem !== undefined) wrong.push(`${door.name}: ${problem}`);
    return true;
  };
  const keepVerifying = async (door: Door) => {
    while (!stopped) {
      // Mostly those that ended a while ago: none of them may be valid any more.
      await verify(door, pick(Math.random() < 0.7 && ended.length > 0 ? ended : good));
      await pause(pauseMs);
    }
  };
  const keepChanging = async () => {
    while (!stopped) {
      await create();
      await end();
      await pause(changePauseMs);
    }
  };

  await Promise.all(Array.from({ length: tokensAtOnce }, create));
  const loops = [
    ...doors.map(keepVerifying),
    ...doors.map(keepVerifying),
    ...Array.from({ length: administrators }, keepChanging),
  ];
  return {
    wrong,
    verdicts,
    changes: () => changes,
    async recovered(attemptsMax) {
      const attempts = doors.map(async door => {
        for (let attempt = 1; attempt <= attemptsMax; attempt++) {
          if (await verify(door, pick(good))) return attempt;
          await pause(100);
        }
        throw new Error(`${door.name} gives no verdict, long after the fault`);
      });
      return Math.max(...(await Promise.all(attempts)));
    },
    async stop() {
      stopped = true;
      await Promise.allSettled(loops);
      for (const door of doors) door.close();
    },
  };
}
