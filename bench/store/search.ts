/** Measures searches, filters and orders of 100,000 access tokens, and verdicts beside them. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import {
  AccessTokenService,
  type ListAccessTokensRequestSchema,
  Sort,
  State,
} from '../../src/gen/usher/v1/access_token_pb.ts';
import { managerOf } from '../access-tokens.ts';
import { cores, cpuUsOf } from '../load.ts';
import { runOn, startRedis, startUsher, type Usher } from '../processes.ts';
import type { Row } from '../row.ts';
import type { Calls, CallsOutcome } from '../transport/http-caller.ts';
import { fillLmdb, fillRedis } from './fill.ts';

const count = 100_000;
const firstRowMsMax = 1000;
const verdictsPerSecond = 500;
const verdictSeconds = 8;
const caller = new URL('../transport/http-caller.ts', import.meta.url).pathname;

type Query = MessageInitShape<typeof ListAccessTokensRequestSchema>;

/** The queries; each is asked of a server that has just started, and then again. */
const queries: [what: string, query: Query][] = [
  ['no filter, newest first', {}],
  ['a text that 1 has, the oldest', { text: 'billing worker 0' }],
  ['a text that 1,000 have', { text: 'worker 77' }],
  ['a text that none has', { text: 'no such thing' }],
  ['an owner and a state', { owner: 'team-3@example.com', state: State.ACTIVE }],
  ['by name', { sort: Sort.NAME }],
  ['by last use', { sort: Sort.LAST_USED }],
  ['unused for a day', { unusedFor: { seconds: 86_400n } }],
];

/** The rows of the part "search". */
export async function searchRows(): Promise<Row[]> {
  return [...(await rowsOf('LMDB', lmdbPlace)), ...(await rowsOf('Redis', redisPlace))];
}

async function rowsOf(name: string, open: () => Promise<Place>): Promise<Row[]> {
  const place = await open();
  try {
    const rows: Row[] = [];
    for (const [what, query] of queries) {
      const usher = await startUsher(envOf(place));
      try {
        const cold = await search(usher, query);
        const warm = await search(usher, query);
        rows.push(searchRow(`${name}: ${what}, first time`, cold));
        rows.push(searchRow(`${name}: ${what}, again`, warm));
      } finally {
        await usher.stop();
      }
      process.stderr.write('.');
    }
    return [...rows, await besideRow(name, place)];
  } finally {
    await place.end();
  }
}

interface Timed {
  firstMs: number;
  lastMs: number;
  found: number;
  cpuMs: number;
}

/** Reads all pages. Without any row, the first one is the answer that there is none. */
async function search(
  usher: Usher,
  query: Query,
  pages = Number.POSITIVE_INFINITY,
): Promise<Timed> {
  const tokens = clientOf(usher);
  const headers = { authorization: usher.adminToken };
  const cpuBefore = cpuUsOf([usher.pid]);
  const began = performance.now();
  let firstMs: number | undefined;
  let found = 0;
  let pageToken = '';
  let left = pages;
  do {
    // A person reads 50, a program all.
    const pageSize = found === 0 ? 50 : 200;
    const page = await tokens.list({ ...query, pageSize, pageToken }, { headers });
    found += page.accessTokens.length;
    if (found > 0) firstMs ??= performance.now() - began;
    pageToken = page.nextPageToken;
  } while (pageToken !== '' && --left > 0);
  const lastMs = performance.now() - began;
  const cpuMs = (cpuUsOf([usher.pid]) - cpuBefore) / 1000;
  return { firstMs: firstMs ?? lastMs, lastMs, found, cpuMs };
}

function clientOf({ manager }: Usher) {
  return createClient(
    AccessTokenService,
    createConnectTransport({ baseUrl: `http://${manager}`, httpVersion: '1.1' }),
  );
}

function searchRow(what: string, { firstMs, lastMs, found, cpuMs }: Timed): Row {
  return {
    what,
    measured:
      `${firstMs.toFixed(0)} ms to the first row, ${lastMs.toFixed(0)} ms to the last of ` +
      `${found.toLocaleString('en')} (${cpuMs.toFixed(0)} ms of CPU)`,
    bound: `first row: at most ${firstRowMsMax} ms`,
    pass: firstMs <= firstRowMsMax,
  };
}

/** Verdicts at a fixed rate, alone and while someone searches without a break. */
async function besideRow(name: string, place: Place): Promise<Row> {
  const usher = await startUsher(envOf(place));
  try {
    const { token } = await managerOf(usher).createStatic();
    const calls: Calls = {
      port: Number(usher.http.split(':')[1]),
      path: '/',
      headers: [`Bearer ${token}`],
      calls: verdictsPerSecond * verdictSeconds,
      connections: 8,
      perSecond: verdictsPerSecond,
      status: 200,
    };
    const verdicts = () => runOn<CallsOutcome>(cores.load, caller, calls);
    await verdicts();
    const alone = await verdicts();
    let isOver = false;
    const searching = (async () => {
      while (!isOver) await search(usher, { text: 'worker 77', sort: Sort.NAME }, 1);
    })();
    const beside = await verdicts();
    isOver = true;
    await searching;
    const p99 = ({ p99Ms }: CallsOutcome) => p99Ms.toFixed(1);
    return {
      what: `${name}: 99th percentile of verdicts while the first search and others after it go on`,
      measured: `${p99(beside)} ms (${p99(alone)} ms without)`,
    };
  } finally {
    await usher.stop();
  }
}

/** On a machine that others use too, Redis may take its time. */
function envOf({ url }: Place) {
  return { USHER_STORE: url, USHER_STORE_TIMEOUT_MS: '5000' };
}

/** A store that was filled. */
interface Place {
  url: string;
  end(): Promise<void>;
}

async function lmdbPlace(): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), 'usher-bench-'));
  await fillLmdb(folder, count);
  return {
    url: `lmdb:${folder}`,
    end: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function redisPlace(): Promise<Place> {
  const redis = await startRedis();
  await fillRedis(redis.port, count);
  return { url: `redis://127.0.0.1:${redis.port}`, end: () => redis.stop() };
}
