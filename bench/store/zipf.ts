/** Compares a call among a million access tokens with one among a thousand, at equal hit rates. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { VerifierService } from '../../src/gen/usher/v1/verifier_pb.ts';
import { createMasterKeys } from '../../src/verify/master-keys.ts';
import { type Cost, cores, cpuUsOf, paired } from '../load.ts';
import { masterKey, runOn, startRedis, startUsher, type Usher } from '../processes.ts';
import { type Row, ratioRow } from '../row.ts';
import type { Calls, CallsOutcome } from '../transport/http-caller.ts';
import { fillLmdb, fillRedis, type Known, type Tokens } from './fill.ts';
import { commandsOf, totalOf } from './redis-commands.ts';
import { entriesFor, hitShareOf, zipf } from './zipf-draws.ts';

/** Many short rounds, so that both sides of a pair run under the same conditions. */
const rounds = 15;
const callsPerRound = 5000;
/** Calls at the end of the warm-up that are made like the measured ones. */
const warmUpCalls = 20_000;
const batchSize = 256;
const keys = createMasterKeys([masterKey]);

/** The large side has the default cache size; the warm-up has enough draws to fill that cache. */
const large = { tokens: 1_000_000, warmUps: 300_000, entriesMax: 100_000 };
const small = { tokens: 1000, warmUps: 40_000 };

/** The rows of the part "zipf", for both stores. */
export async function zipfRows(): Promise<Row[]> {
  return [await compare('LMDB', inFolder), await compare('Redis', inRedis)];
}

async function compare(name: string, open: () => Promise<Place>): Promise<Row> {
  const ofLarge = drawnOf(large);
  const ofSmall = drawnOf(small);
  const share = hitShareOf(ofLarge.warmUp, ofLarge.drawn, large.entriesMax);
  const entriesMax = entriesFor(share, ofSmall.warmUp, ofSmall.drawn, small.tokens);
  const places = [await open(), await open()] as const;
  const sides: Side[] = [];
  try {
    const among = await serve(places[0], { ...large, ...ofLarge });
    sides.push(among);
    const few = await serve(places[1], { ...small, ...ofSmall, entriesMax });
    sides.push(few);
    const compared = await paired(rounds, among.play, few.play);
    const what = `${name}: GET / among 1,000,000 access tokens against 1,000, Zipf access`;
    const row = ratioRow(what, compared, 1.1);
    const shares = sides.map(side => `${(side.hitShare() * 100).toFixed(1)} %`);
    return { ...row, measured: `${row.measured}, from memory ${shares.join(' and ')}` };
  } finally {
    await Promise.all(sides.map(side => side.usher.stop()));
    await Promise.all(places.map(place => place.end()));
  }
}

/** The access tokens to call with: first the warm-up that fills the cache, then the rounds. */
interface Drawn {
  warmUp: number[];
  drawn: number[];
}

function drawnOf({ tokens, warmUps }: { tokens: number; warmUps: number }): Drawn {
  const draw = zipf(tokens);
  return {
    warmUp: Array.from({ length: warmUps }, draw),
    drawn: Array.from({ length: (rounds + 1) * callsPerRound }, draw),
  };
}

/** A running server with its access tokens. */
interface Side {
  usher: Usher;
  /** Plays the next round. */
  play(): Promise<Cost>;
  /** The hit rate so far (0 to 1): the share of calls without a read of the store. */
  hitShare(): number;
}

async function serve(
  place: Place,
  order: Drawn & { tokens: number; entriesMax: number },
): Promise<Side> {
  const { warmUp, drawn, entriesMax } = order;
  const wanted = new Set([...warmUp, ...drawn]);
  const tokens = await place.fill(order.tokens, { keys, isKnown: n => wanted.has(n) });
  const headerOf = (n: number) => tokens.get(n) as string;
  const usher = await startUsher({
    USHER_STORE: place.url,
    USHER_CACHE_ENTRIES_MAX: String(entriesMax),
    // Generous, since the cost of a call is measured, not whether a busy machine meets a timeout.
    USHER_STORE_TIMEOUT_MS: '5000',
  });
  await fillMemory(usher, warmUp.slice(0, -warmUpCalls).map(headerOf));
  await costOf(usher, warmUp.slice(-warmUpCalls).map(headerOf));
  let played = 0;
  let reads: number | undefined = 0;
  return {
    usher,
    async play() {
      const headers = drawn.slice(played, played + callsPerRound).map(headerOf);
      played += headers.length;
      let cost: Cost | undefined;
      const asked = await place.readsDuring(async () => {
        cost = await costOf(usher, headers);
      });
      reads = asked === undefined || reads === undefined ? undefined : reads + asked;
      return cost as unknown as Cost;
    },
    hitShare: () =>
      reads === undefined ? hitShareOf(warmUp, drawn, entriesMax) : 1 - reads / played,
  };
}

/** Fills the cache by batches, ten times as fast as by single calls. */
async function fillMemory(usher: Usher, headers: string[]): Promise<void> {
  const transport = createGrpcTransport({ baseUrl: `http://${usher.grpc}` });
  const verifier = createClient(VerifierService, transport);
  for (let from = 0; from < headers.length; from += batchSize) {
    const requests = headers.slice(from, from + batchSize).map(header => ({ header }));
    const { responses } = await verifier.batchVerify({ requests });
    if (!responses.every(({ valid }) => valid)) throw new Error('a good token was refused');
  }
}

async function costOf({ pid, http }: Usher, headers: string[]): Promise<Cost> {
  const port = Number(http.split(':')[1]);
  const calls = headers.length;
  const order: Calls = { port, path: '/', headers, calls, connections: 16, status: 200 };
  const before = cpuUsOf([pid]);
  const outcome = await runOn<CallsOutcome>(cores.load, 'bench/transport/http-caller.ts', order);
  const { unavailable, ...times } = outcome;
  if (unavailable > 0) throw new Error(`${unavailable} calls were answered 503`);
  return { cpuUs: (cpuUsOf([pid]) - before) / headers.length, ...times };
}

/** A store for access tokens. */
interface Place {
  url: string;
  fill(count: number, known: Known): Promise<Tokens>;
  /** The number of records read during a task; undefined if the store cannot tell. */
  readsDuring(task: () => Promise<void>): Promise<number | undefined>;
  end(): Promise<void>;
}

async function inFolder(): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), 'usher-bench-'));
  return {
    url: `lmdb:${folder}`,
    fill: (count, known) => fillLmdb(folder, count, known),
    readsDuring: async task => void (await task()),
    end: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function inRedis(): Promise<Place> {
  const { port, stop } = await startRedis();
  return {
    url: `redis://127.0.0.1:${port}`,
    fill: (count, known) => fillRedis(port, count, known),
    readsDuring: async task => totalOf(await commandsOf(port, task)),
    end: stop,
  };
}
