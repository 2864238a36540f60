/**
 * Load on running servers: constant verifications through all doors, revocations and rotations, with
 * each verdict checked by the oracle.
 *
 * All times are of this process's monotonic clock. The start of a verification is taken before its
 * request is sent, and the acknowledgement of a change after its answer was read. So a verdict that
 * is too late by these times was even later in truth, and the oracle never accuses a correct server.
 */

import { randomUUID } from 'node:crypto';
import { Code, ConnectError } from '@connectrpc/connect';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { adminOf } from '../server/api.ts';
import type { Door } from './doors.ts';
import { type Credential, createOracle, type Ending } from './oracle.ts';
import { createRandom, type Random } from './random.ts';

/** The API Manager in which changes are made. */
export interface Manager {
  manager: string;
  adminToken: string;
}

/** A question that a door was asked, and whether it gave a verdict. */
export interface Asked {
  door: string;
  /** When the answer or the failure came, on `performance.now()`. */
  endedMs: number;
  isAnswered: boolean;
  /** Whether the token was good all the while. */
  isGood: boolean;
}

/** How a load differs from the usual one. */
interface LoadOptions {
  random?: Random;
  /** The bound of the promise, which is the lease, in milliseconds. */
  boundMs?: number;
  /** Gets a text about each acknowledged change and each wrong verdict. */
  note?: (text: string) => void;
  onAsked?: (asked: Asked) => void;
}

/** A running load. */
export interface Load {
  /** All credentials whose creation was acknowledged, the oldest first. */
  credentials: Credential[];
  /** The number of acknowledged creations. */
  created(): number;
  /** While held, no change begins. */
  hold(isHeld: boolean): void;
  /** Asks and changes nothing more of what there is now: an operator accepted its loss. */
  forget(): void;
  /** The wrong verdicts that the oracle found. */
  wrong: string[];
  /** The number of verdicts per door. */
  verdicts: Map<string, number>;
  /** The number of acknowledged revocations and rotations. */
  changes(): number;
  /** The number of access tokens that are good, from which revocations and rotations take theirs. */
  good(): number;
  /** Waits until every door gives verdicts; resolves to the attempts that the slowest needed. */
  recovered(attemptsMax: number): Promise<number>;
  stop(): Promise<void>;
}

const pauseMs = 15;
const changePauseMs = 400;
const administrators = 4;
const tokensAtOnce = 12;
/** Enough, with the pauses between them, that each is asked about for longer than the bound. */
const endedAtOnce = 40;
const never = Number.POSITIVE_INFINITY;
const now = () => performance.now();
const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));
/** How long one revocation or rotation is repeated; then its token may be lost. */
const changePatienceMs = 10_000;
const lost = [Code.NotFound, Code.FailedPrecondition];

/** Starts the load. */
export async function startLoad(
  doors: readonly Door[],
  managers: readonly Manager[],
  { random = createRandom(Date.now()), boundMs = 2000, ...observer }: LoadOptions = {},
): Promise<Load> {
  const judge = createOracle({ boundMs, staleMaxMs: 0, unknownTtlMs: 1000 });
  const { note = () => undefined, onAsked = () => undefined } = observer;
  const credentials: Credential[] = [];
  const good: Credential[] = [];
  const ended: Credential[] = [];
  const wrong: string[] = [];
  const verdicts = new Map<string, number>();
  const forgotten = new Set<Credential>();
  let stopped = false;
  let isHeld = false;
  let questions = 0;
  let changes = 0;
  let created = 0;

  /** Retries a change on any server with one request id until it is acknowledged. */
  const acknowledged = async <T>(
    change: (admin: ReturnType<typeof adminOf>) => Promise<T>,
    isHopeless: (error: unknown) => boolean = () => false,
  ) => {
    for (;;) {
      try {
        return await change(adminOf(random.pick(managers)));
      } catch (error) {
        if (stopped || isHopeless(error)) throw error;
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
    const id = made.accessToken?.id ?? '';
    const credential = { name: id, tokenId: id, header: made.token, endings: [] };
    const createdCredential = { ...credential, createdAckedMs: now() };
    credentials.push(createdCredential);
    good.push(createdCredential);
    created++;
    note(`${id} is created`);
  };
  const end = async () => {
    const [credential] = good.splice(Math.floor(random.next() * good.length), 1);
    if (credential === undefined) return;
    const { tokenId: id } = credential;
    const requestId = randomUUID();
    const what = random.chance(0.8) ? 'revoke' : 'rotate';
    const ending: Ending = { what, askedMs: now(), ackedMs: never, goodUntilWallMs: 0 };
    credential.endings.push(ending);
    ended.push(credential);
    if (ended.length > endedAtOnce) ended.shift();
    const isHopeless = (error: unknown) =>
      now() - ending.askedMs > changePatienceMs || lost.includes(ConnectError.from(error).code);
    try {
      const change = (admin: ReturnType<typeof adminOf>): Promise<unknown> =>
        what === 'revoke'
          ? admin.revoke({ id, requestId }, options)
          : admin.rotate({ id, requestId }, options);
      await acknowledged(change, isHopeless);
    } catch (error) {
      note(`the ${what} of ${id} is given up: ${ConnectError.from(error).message}`);
      return;
    }
    ending.ackedMs = now();
    changes++;
    note(`the ${what} of ${id} is acknowledged`);
  };

  const verify = async (door: Door, credential: Credential): Promise<boolean> => {
    const startedMs = now();
    const outcome = await door.ask(credential.header).catch(() => undefined);
    const endedMs = now();
    const [isAnswered, isGood] = [outcome !== undefined, credential.endings.length === 0];
    onAsked({ door: door.name, endedMs, isAnswered, isGood });
    if (outcome === undefined) return false;
    verdicts.set(door.name, (verdicts.get(door.name) ?? 0) + 1);
    const problem = judge({
      // A door may lead to several processes: one may not yet know what another has answered.
      where: `question ${questions++}`,
      ...{ credential, startedMs, endedMs, outcome, storeFailed: false },
      wallMs: { least: Date.now(), greatest: Date.now() },
    });
    if (problem === undefined || forgotten.has(credential)) return true;
    wrong.push(`${door.name}: ${problem}`);
    note(`WRONG: ${door.name} on ${credential.name}: ${problem}`);
    return true;
  };
  const keepVerifying = async (door: Door) => {
    while (!stopped) {
      // Mostly those that ended a while ago: none of them may be valid any more.
      const isEnded = ended.length > 0 && (good.length === 0 || random.chance(0.7));
      const list = isEnded ? ended : good;
      if (list.length > 0) await verify(door, random.pick(list));
      await pause(pauseMs);
    }
  };
  /** Creating must not hold up revoking, which may work where creating does not. */
  const keepCreating = async () => {
    while (!stopped) {
      if (!isHeld && good.length < 2 * tokensAtOnce) await create();
      // Faster than revoking: where creating fails for a while, there is enough to revoke.
      await pause(changePauseMs / 2);
    }
  };
  const keepEnding = async () => {
    while (!stopped) {
      if (!isHeld && good.length > tokensAtOnce / 2) await end();
      await pause(changePauseMs);
    }
  };

  await Promise.all(Array.from({ length: tokensAtOnce }, create));
  const loops = [
    ...doors.map(keepVerifying),
    ...doors.map(keepVerifying),
    ...Array.from({ length: administrators }, keepCreating),
    ...Array.from({ length: administrators }, keepEnding),
  ];
  return {
    ...{ credentials, wrong, verdicts },
    created: () => created,
    hold(isNow) {
      isHeld = isNow;
    },
    forget() {
      for (const credential of credentials.splice(0)) forgotten.add(credential);
      good.splice(0);
      ended.splice(0);
    },
    changes: () => changes,
    good: () => good.length,
    async recovered(attemptsMax) {
      const attempts = doors.map(async door => {
        for (let attempt = 1; attempt <= attemptsMax; attempt++) {
          if (await verify(door, random.pick(good))) return attempt;
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
