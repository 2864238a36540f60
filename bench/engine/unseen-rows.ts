/** Tokens that Usher has not seen before, good and bad, on both stores. */

import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMasterKeys } from '../../src/verify/master-keys.ts';
import { parseStaticToken } from '../../src/verify/static-token.ts';
import { managerOf, signJwt } from '../access-tokens.ts';
import { cpuUsOf } from '../load.ts';
import { masterKey, startRedis, type Usher } from '../processes.ts';
import type { Column, Row } from '../row.ts';
import { fillLmdb, fillRedis } from '../store/fill.ts';
import { unknownToken } from '../verify/first-sight.ts';
import { play, type Token } from './caller.ts';
import { compare, type Rounds } from './compare.ts';
import { eachOf } from './cost-rows.ts';
import { type Engine, withStop } from './programs.ts';
import { type Effort, inTurns } from './turns.ts';

const callsPerRound = 6000;
const known = { keys: createMasterKeys([masterKey]), isKnown: () => true };

/** A store with static tokens, from which each engine starts. */
interface Place {
  name: string;
  /** The value of USHER_STORE for an engine. */
  storeOf(column: Column): string;
  tokens: readonly Token[];
}

/** A running engine, and the makers of its tokens: each returns the next ones. */
interface Side {
  column: Column;
  usher: Usher;
  stop(): Promise<void>;
  make: Record<Sort, (count: number) => Promise<Token[]>>;
}

type Sort = 'static' | 'jwt' | 'unknown' | 'garbage';

const sorts: Record<Sort, string> = {
  static: 'static tokens at first sight',
  jwt: 'JWTs at first sight',
  unknown: 'unknown tokens of the right form',
  garbage: 'garbage',
};

/** The rows for both stores. */
export async function unseenRows(effort: Effort, engines: readonly Engine[]): Promise<Row[]> {
  return [...(await onLmdb(effort, engines)), ...(await onRedis(effort, engines))];
}

const countOf = ({ rounds, share }: Effort) => (rounds + 1) * callsPerRound * share;

async function onLmdb(effort: Effort, engines: readonly Engine[]): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'usher-bench-'));
  try {
    const store = join(folder, 'filled');
    const tokens = tokensOf(await fillLmdb(store, countOf(effort), known));
    const storeOf = (column: Column) => {
      cpSync(store, `${store}-${column}`, { recursive: true });
      return `lmdb:${store}-${column}`;
    };
    return await rowsOf(effort, engines, { name: 'LMDB', storeOf, tokens });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function onRedis(effort: Effort, engines: readonly Engine[]): Promise<Row[]> {
  const redis = await startRedis();
  return await withStop([redis], async () => {
    const tokens = tokensOf(await fillRedis(redis.port, countOf(effort), known));
    const storeOf = () => `redis://127.0.0.1:${redis.port}`;
    return await rowsOf(effort, engines, { name: 'Redis', storeOf, tokens });
  });
}

function tokensOf(filled: ReadonlyMap<number, string>): Token[] {
  return [...filled.values()].map(header => ({ header, id: parseStaticToken(header) ?? '' }));
}

async function rowsOf(effort: Effort, engines: readonly Engine[], place: Place): Promise<Row[]> {
  const sides: Side[] = [];
  return await withStop(sides, async () => {
    for (const engine of engines) sides.push(await sideOf(engine, place));
    const rows: Row[] = [];
    for (const [sort, what] of Object.entries(sorts)) {
      const tasks = eachOf(sides, side => costOf(side, sort as Sort, effort));
      const rounds: Rounds = await inTurns(effort, tasks);
      const [ours, base] = [rounds.get('h2') ?? [], rounds.get('grpc-js') ?? []];
      const versus = { name: 'grpc-js', ours, base, most: 0.5 };
      rows.push(compare(`${what}, ${place.name}, 4 x 16`, { unit: 'µs', rounds }, [versus]));
    }
    return rows;
  });
}

async function sideOf({ column, start }: Engine, place: Place): Promise<Side> {
  const usher = await start({
    USHER_STORE: place.storeOf(column),
    // Generous, since the cost of a call is measured, not whether a busy machine meets a timeout.
    USHER_STORE_TIMEOUT_MS: '5000',
  });
  const { id, secret } = await managerOf(usher).createJwt();
  let [seen, subject] = [0, 0];
  const some = async (count: number, make: () => Token | Promise<Token>) =>
    await Promise.all(Array.from({ length: count }, make));
  const make: Side['make'] = {
    async static(count) {
      seen += count;
      return place.tokens.slice(seen - count, seen);
    },
    jwt: count =>
      some(count, async () => {
        const header = `Bearer ${await signJwt(id, secret, `user-${subject++}`)}`;
        return { header, id };
      }),
    unknown: count => some(count, () => ({ header: unknownToken(), id: '' })),
    garbage: count => some(count, () => ({ header: `garbage-${crypto.randomUUID()}`, id: '' })),
  };
  return { column, usher, stop: usher.stop, make };
}

async function costOf({ usher, make }: Side, sort: Sort, { share }: Effort): Promise<number> {
  const tokens = await make[sort](callsPerRound * share);
  const calls = tokens.length;
  const before = cpuUsOf([usher.pid]);
  await play({ address: usher.grpc, tokens, calls, connections: 4, streams: 16 });
  return (cpuUsOf([usher.pid]) - before) / calls;
}
