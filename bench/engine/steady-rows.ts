/** Latency at a steady rate: beside the peers, and with a full memory while tokens are revoked. */

import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createMasterKeys } from '../../src/verify/master-keys.ts';
import { parseStaticToken } from '../../src/verify/static-token.ts';
import { type Manager, managerOf } from '../access-tokens.ts';
import { masterKey, type Usher } from '../processes.ts';
import type { Column, Row } from '../row.ts';
import { fillLmdb } from '../store/fill.ts';
import { type Order, type Outcome, pace, play, type Token } from './caller.ts';
import { compare, compareWithBase, pick, withPeers } from './compare.ts';
import { eachOf, isUsher } from './cost-rows.ts';
import { type Engine, type Program, withStop } from './programs.ts';
import { type Effort, inTurns } from './turns.ts';

const rates = [5000, 20_000];
const seconds = 6;
const warmUpSeconds = 1;
const connections = 8;
/** What a client waits for at most on one connection; the next calls wait in the client. */
const streams = 100;
const inMemory = 100_000;
const revocationsPerSecond = 20;

/** Paced calls of some tokens. */
function orderOf(
  address: string,
  tokens: readonly Token[],
  perSecond: number,
  share: number,
): Order {
  const warmUp = perSecond * warmUpSeconds;
  const calls = warmUp + Math.round(perSecond * seconds * share);
  return { address, tokens, calls, connections, streams, perSecond, warmUp };
}

/** The rows of latency, for each rate. */
export async function steadyRows(effort: Effort, programs: readonly Program[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const rate of rates) {
    const tasks = eachOf(programs, ({ address, tokens }) =>
      pace(orderOf(address, [tokens.static], rate, effort.share)),
    );
    const outcomes = await inTurns(effort, tasks);
    const row = (name: string, of: (outcome: Outcome) => number, most?: number) => {
      const rounds = pick(outcomes, of);
      const bounds = withPeers(rounds, { 'grpc-go': most, tonic: undefined });
      rows.push(compare(`${name} at a steady ${perSecond(rate)}`, { unit: 'ms', rounds }, bounds));
    };
    row('p50', ({ p50Ms }) => p50Ms, 0.5);
    row('p99', ({ p99Ms }) => p99Ms, 1);
    row('p99.9', ({ p999Ms }) => p999Ms);
  }
  return rows;
}

const perSecond = (rate: number) => `${rate.toLocaleString('en')}/s`;

/** An Usher with a full memory, and the access tokens that can still be revoked. */
interface Full {
  usher: Usher;
  manager: Manager;
  /** The tokens that are verified. */
  tokens: readonly Token[];
  revocable: Token[];
  revoked: Token[];
}

/** The rows of latency with a full memory and revocations, beside the Ushers without either. */
export async function fullRows(
  effort: Effort,
  programs: readonly Program[],
  engines: readonly Engine[],
): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'usher-bench-'));
  try {
    const perRound = revocationsPerSecond * (seconds * effort.share + warmUpSeconds + 1);
    const spare = Math.ceil(perRound * (effort.rounds + 1) * rates.length);
    const keys = createMasterKeys([masterKey]);
    const store = join(folder, 'filled');
    const filled = await fillLmdb(store, inMemory + spare, { keys, isKnown: () => true });
    const all = [...filled.values()].map(header => ({
      header,
      id: parseStaticToken(header) ?? '',
    }));
    const full = new Map<Column, Full>();
    const running: Usher[] = [];
    return await withStop(running, async () => {
      for (const { column, start } of engines) {
        cpSync(store, `${store}-${column}`, { recursive: true });
        const env = { USHER_STORE: `lmdb:${store}-${column}`, USHER_MEMORY_MB: '512' };
        const usher = await start(env);
        running.push(usher);
        full.set(column, await fill(usher, all));
      }
      const rows: Row[] = [];
      for (const rate of rates) rows.push(await fullRow(effort, rate, programs, full));
      return rows;
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Has an Usher read every record. */
async function fill(usher: Usher, all: readonly Token[]): Promise<Full> {
  await play({ address: usher.grpc, tokens: all, calls: all.length, connections: 4, streams: 16 });
  const [tokens, revocable] = [all.slice(0, inMemory), all.slice(inMemory)];
  return { usher, manager: managerOf(usher), tokens, revocable, revoked: [] };
}

async function fullRow(
  effort: Effort,
  rate: number,
  programs: readonly Program[],
  full: ReadonlyMap<Column, Full>,
): Promise<Row> {
  const tasks = eachOf(programs.filter(isUsher), async ({ column, address, tokens }) => {
    const without = await pace(orderOf(address, [tokens.static], rate, effort.share));
    const { p99Ms } = await whileRevoking(full.get(column) as Full, rate, effort);
    return { value: p99Ms, base: without.p99Ms };
  });
  const outcomes = await inTurns(effort, tasks);
  for (const { usher, revoked } of full.values()) {
    const tokens = revoked.map(({ header }) => ({ header, id: '' }));
    const calls = tokens.length;
    await play({ address: usher.grpc, tokens, calls, connections: 4, streams: 16 });
  }
  const what =
    `p99 at a steady ${perSecond(rate)}, with ${inMemory.toLocaleString('en')} access tokens ` +
    `in memory and ${revocationsPerSecond} revocations a second`;
  return compareWithBase(what, 'ms', outcomes, { name: 'without either', most: 1.5 });
}

async function whileRevoking(
  { usher, manager, tokens, revocable, revoked }: Full,
  rate: number,
  { share }: Effort,
): Promise<Outcome> {
  let over = false;
  const revoking = (async () => {
    while (!over) {
      const next = revocable.pop();
      if (next === undefined) throw new Error('no access token is left to revoke');
      await manager.revoke(next.id);
      revoked.push(next);
      await sleep(1000 / revocationsPerSecond);
    }
  })();
  try {
    return await pace(orderOf(usher.grpc, tokens, rate, share));
  } finally {
    over = true;
    await revoking;
  }
}
