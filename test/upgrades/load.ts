/** Load on two replicas of which one at a time is replaced, and all that goes wrong meanwhile. */

import { randomUUID } from 'node:crypto';
import { ConnectError } from '@connectrpc/connect';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { adminOf } from '../server/api.ts';
import { jwtOf, verdictOf } from '../server/rotation.ts';
import type { UsherProcess } from '../server/usher-process.ts';
import { until } from '../until.ts';

/** The time within which a revocation takes effect (USHER_LEASE_MS), in milliseconds. */
export const leaseMs = 4000;
/** A call that fails is made at the other replica, then here again; more often than this is an outage. */
const triesMax = 6;

/** An access token as far as its writer knows it. Times are in milliseconds since 1970. */
interface Known {
  id: string;
  header: string;
  /** When the revocation was asked for, and when it was acknowledged. */
  revokeBegun?: number;
  revoked?: number;
}

/** Load under way. */
export interface Load {
  /** Replaces a replica: calls to it may fail until that is done, and calls to the others may not. */
  replace(replica: UsherProcess, act: () => Promise<unknown>): Promise<void>;
  /** Resolves once each writer has made some more rounds. */
  rounds(count: number): Promise<void>;
  /** Ends it. */
  end(): Promise<Played>;
}

/** What was played. */
export interface Played {
  /** What should not have been. */
  wrong: string[];
  asked: number;
  /** The ids of access tokens by what was acknowledged. */
  created: string[];
  revoked: string[];
}

/** Starts it: two readers and two writers, each of which prefers one of the replicas. */
export function startRollingLoad(replicas: readonly [UsherProcess, UsherProcess]): Load {
  const wrong: string[] = [];
  const known: Known[] = [];
  const absences: { replica: UsherProcess; from: number; to: number }[] = [];
  const rounds = [0, 0];
  let asked = 0;
  let ended = false;

  const wasAway = (replica: UsherProcess, from: number, to: number) =>
    absences.some(each => each.replica === replica && each.from <= to && from <= each.to);

  /** Makes a call at one replica, or at the other while the first is away. */
  const call = async <T>(
    preferred: number,
    what: string,
    act: (replica: UsherProcess) => Promise<T>,
  ): Promise<T> => {
    for (let n = 0; n < triesMax; n++) {
      const place = (preferred + n) % 2;
      const replica = replicas[place] as UsherProcess;
      const from = Date.now();
      try {
        return await act(replica);
      } catch (error) {
        if (!wasAway(replica, from, Date.now())) {
          wrong.push(`${what} at ${place}: ${ConnectError.from(error).message}`);
        }
      }
    }
    throw new Error(`${what}: no replica did it`);
  };

  const ask = async (preferred: number, token: Known) => {
    const from = Date.now();
    const mustBeRevoked = token.revoked !== undefined && from > token.revoked + leaseMs;
    const reason = await call(preferred, 'verify', async replica => {
      const said = await verdictOf(replica, token.header);
      // A code of an error is written in another way than a reason.
      if (!/^[A-Z_]+$/.test(said)) throw new Error(said);
      return said;
    });
    asked += 1;
    const isRight =
      reason === 'NONE' ? !mustBeRevoked : reason === 'REVOKED' && token.revokeBegun !== undefined;
    if (!isRight) wrong.push(`${token.id} at ${preferred}: ${reason}`);
  };

  const create = async (place: number, kind: Kind, name: string) => {
    const requestId = randomUUID();
    const made = await call(place, 'create', replica =>
      adminOf(replica).create({ kind, name, requestId }),
    );
    const id = made.accessToken?.id ?? '';
    const again = await call(1 - place, 'repeat', replica =>
      adminOf(replica).create({ kind, name, requestId }),
    );
    if (again.accessToken?.id !== id) wrong.push(`${id}: a repeated call made another one`);
    const token: Known = { id, header: kind === Kind.JWT ? jwtOf(id, made.secret) : made.token };
    known.push(token);
    return token;
  };
  const revoke = async (place: number, token: Known) => {
    const requestId = randomUUID();
    token.revokeBegun = Date.now();
    await call(place, 'revoke', replica =>
      adminOf(replica).revoke({ id: token.id, reason: 'upgrade', requestId }),
    );
    token.revoked = Date.now();
  };
  /** What is made at one replica is used, changed and revoked at the other. */
  const round = async (place: number, name: string) => {
    const other = 1 - place;
    const stays = await create(place, Kind.STATIC, name);
    const signs = await create(other, Kind.JWT, name);
    const goes = await create(place, Kind.STATIC, name);
    for (const token of [stays, signs, goes]) await ask(other, token);
    await revoke(other, goes);
    const accessToken = { id: stays.id, metadata: { place }, revision: 1n };
    await call(other, 'update', replica =>
      adminOf(replica).update({
        ...{ accessToken, updateMask: { paths: ['metadata'] }, requestId: randomUUID() },
      }),
    );
    const target = { case: 'jti', value: 'another' } as const;
    await call(place, 'revoke a JWT', replica =>
      adminOf(replica).revokeJwts({ id: signs.id, target, requestId: randomUUID() }),
    );
    for (const token of [stays, signs, goes]) await ask(place, token);
  };

  const guarded = async (act: () => Promise<void>) => {
    try {
      await act();
    } catch (error) {
      wrong.push(String(error));
      ended = true;
    }
  };
  const readers = [0, 1].map(place =>
    guarded(async () => {
      for (let n = 0; !ended; n++) {
        const token = known[n % Math.max(known.length, 1)];
        if (token === undefined) await new Promise(resolve => setImmediate(resolve));
        else await ask(place, token);
      }
    }),
  );
  const writers = [0, 1].map(place =>
    guarded(async () => {
      for (let n = 0; !ended; n++) {
        await round(place, `of ${place}, round ${n}`);
        rounds[place] = n + 1;
      }
    }),
  );

  return {
    async replace(replica, act) {
      const absence = { replica, from: Date.now(), to: Number.POSITIVE_INFINITY };
      absences.push(absence);
      await act();
      absence.to = Date.now();
    },
    async rounds(count) {
      const goal = rounds.map(done => done + count);
      await until(() => ended || rounds.every((done, place) => done >= (goal[place] ?? 0)), 50_000);
    },
    async end() {
      ended = true;
      await Promise.all([...readers, ...writers]);
      const revoked = known.filter(token => token.revoked !== undefined);
      return {
        ...{ wrong, asked, created: known.map(({ id }) => id) },
        revoked: revoked.map(({ id }) => id),
      };
    },
  };
}
