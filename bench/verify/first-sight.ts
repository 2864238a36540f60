/** Measures tokens that are not in the cache, valid and invalid, on both stores. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMasterKeys } from '../../src/verify/master-keys.ts';
import { makeStaticToken } from '../../src/verify/static-token.ts';
import { managerOf, signJwt } from '../access-tokens.ts';
import { type Cost, cores, cpuUsOf, medianCost } from '../load.ts';
import { masterKey, runOn, startRedis, startUsher, type Usher } from '../processes.ts';
import { costRow, type Row, ratioRow } from '../row.ts';
import { fillLmdb, fillRedis, type Known } from '../store/fill.ts';
import type { Calls, CallsOutcome } from '../transport/http-caller.ts';

const calls = 6000;
const warmUps = 6000;

/** The rows of the part "first-sight". */
export async function firstSightRows(): Promise<Row[]> {
  return [await jwtRow(), ...(await onLmdb()), ...(await onRedis())];
}

async function jwtRow(): Promise<Row> {
  const { usher, jose, ratio } = await runOn<{ usher: Cost[]; jose: Cost[]; ratio: number }>(
    cores.server,
    'bench/verify/first-sight-jwt.ts',
    {},
  );
  const compared = { ours: medianCost(usher), floor: medianCost(jose), ratio };
  return ratioRow("JWT at first sight, in the process, against jose's jwtVerify", compared, 1.3);
}

async function onLmdb(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'usher-bench-'));
  try {
    const tokens = await fillLmdb(folder, warmUps + calls, allKnown);
    return await rowsOf('LMDB', { USHER_STORE: `lmdb:${folder}` }, [...tokens.values()]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function onRedis(): Promise<Row[]> {
  const redis = await startRedis();
  try {
    const tokens = await fillRedis(redis.port, warmUps + calls, allKnown);
    const env = {
      USHER_STORE: `redis://127.0.0.1:${redis.port}`,
      USHER_STORE_TIMEOUT_MS: '5000',
    };
    return await rowsOf('Redis', env, [...tokens.values()]);
  } finally {
    await redis.stop();
  }
}

const allKnown: Known = { keys: createMasterKeys([masterKey]), isKnown: () => true };

async function rowsOf(store: string, env: Record<string, string>, tokens: string[]) {
  const usher = await startUsher(env);
  try {
    const { id, secret } = await managerOf(usher).createJwt();
    const jwts = await Promise.all(
      Array.from(
        { length: warmUps + calls },
        async (_, n) => `Bearer ${await signJwt(id, secret, `user-${n}`)}`,
      ),
    );
    const sorts: [what: string, headers: string[], status: number][] = [
      ['static token at first sight', tokens, 200],
      ['JWT at first sight', jwts, 200],
      ['unknown token, well formed', Array.from(tokens, unknownToken), 401],
      ['unknown token, garbage', Array.from(tokens, (_, n) => `garbage-${n}`), 401],
    ];
    const rows: Row[] = [];
    for (const [what, headers, status] of sorts) {
      await costOf(usher, headers.slice(0, warmUps), status);
      const cost = await costOf(usher, headers.slice(warmUps), status);
      const row = costRow(`${store}: ${what}, GET /`, cost);
      if (cost.unavailable > 0) row.measured += `, ${cost.unavailable} answered 503`;
      rows.push(row);
      process.stderr.write('.');
    }
    return rows;
  } finally {
    await usher.stop();
  }
}

/** A static token of the right form, for an access token that does not exist. */
export function unknownToken(): string {
  return makeStaticToken(crypto.randomUUID());
}

async function costOf(
  { pid, http }: Usher,
  headers: string[],
  status: number,
): Promise<Cost & { unavailable: number }> {
  const port = Number(http.split(':')[1]);
  const order: Calls = {
    port,
    path: '/',
    headers,
    calls: headers.length,
    connections: 16,
    status,
  };
  const before = cpuUsOf([pid]);
  const outcome = await runOn<CallsOutcome>(cores.load, 'bench/transport/http-caller.ts', order);
  const cpuUs = (cpuUsOf([pid]) - before) / headers.length;
  return { cpuUs, ...outcome };
}
