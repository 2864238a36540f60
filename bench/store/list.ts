/** Compares a page of the list among a million access tokens with one among a thousand. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storeAddress } from '../../src/store/address.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { readScope } from '../../src/tokens/caller.ts';
import { list } from '../../src/tokens/list/list.ts';
import { type ListQuery, selectionOf } from '../../src/tokens/list/query.ts';
import { pageTokens } from '../../src/tokens/page-token.ts';
import { createMasterKeys } from '../../src/verify/master-keys.ts';
import { storeLimits } from '../../test/limits.ts';
import { startRedis } from '../processes.ts';
import type { Row } from '../row.ts';
import { benchSeal, fillLmdb, fillRedis, owners, usedMemory } from './fill.ts';

const few = 1000;
const many = 1_000_000;
const pageSize = 50;
const repeats = 300;
/** Repeats before the measurement, so that the code is compiled by then. */
const warmUps = 300;
const ratioMax = 3;
const memoryTokens = 100_000;
const bytesMax = 700;

const keys = createMasterKeys([{ id: 'bench', bytes: new Uint8Array(32) }]);
const caller = { actor: 'bench', name: '', peer: '', scopes: [readScope] };
const [owner = ''] = owners;

/** The pages to measure, with the caller that reads them. */
const pages: [name: string, query: Partial<ListQuery>, as: typeof caller & { owner?: string }][] = [
  ['first page, newest first', {}, caller],
  ['a page in the middle', {}, caller],
  ['first page of an owner with a tenth of them', { owner }, caller],
  ['first page, for a caller with that owner', {}, { ...caller, owner }],
];

/** A store that can be filled and opened. */
interface Place {
  name: string;
  url: string;
  fill(count: number): Promise<unknown>;
  end(): Promise<void>;
}

/** The rows of the part "lists". */
export async function listRows(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const start of [lmdbPlace, redisPlace]) {
    const small = await pagesOf(await start(), few);
    const large = await pagesOf(await start(), many);
    for (const [n, [name]] of pages.entries()) {
      const [under = 0, over = 0] = [small.times[n], large.times[n]];
      const ratio = over / under;
      rows.push({
        what: `${small.name}: ${name}, of 1,000,000 against 1,000 access tokens`,
        measured: `${ratio.toFixed(2)} x (${over.toFixed(2)} against ${under.toFixed(2)} ms)`,
        bound: `at most ${ratioMax} x`,
        pass: ratio <= ratioMax,
      });
    }
  }
  rows.push(await memoryRow());
  return rows;
}

async function memoryRow(): Promise<Row> {
  const redis = await startRedis();
  try {
    const before = await usedMemory(redis.port);
    await fillRedis(redis.port, memoryTokens);
    const bytes = ((await usedMemory(redis.port)) - before) / memoryTokens;
    return {
      what: 'Redis memory for an access token with its indexes (name, owner, two scopes)',
      measured: `${bytes.toFixed(0)} bytes`,
      bound: `at most ${bytesMax} bytes`,
      pass: bytes <= bytesMax,
    };
  } finally {
    await redis.stop();
  }
}

async function pagesOf(place: Place, count: number) {
  process.stderr.write(`${place.name}, ${count} access tokens `);
  try {
    await place.fill(count);
    const store = await openStore(storeAddress(place.url), {
      now: Date.now,
      seal: benchSeal,
      limits: storeLimits(),
    });
    try {
      const times: number[] = [];
      for (const [n, [, query, as]] of pages.entries()) {
        const pageToken = n === 1 ? await middleOf(store) : '';
        const full = { pageSize, pageToken, sort: 'newest', ...query } as const;
        times.push(await medianMs(() => list({ store, keys, now: Date.now }, as, full)));
      }
      return { name: place.name, times };
    } finally {
      await store.close();
    }
  } finally {
    process.stderr.write('\n');
    await place.end();
  }
}

/** The page token of a page in the middle, made up from the time: UUIDs are in order of time. */
async function middleOf(store: Store): Promise<string> {
  const edges = await Promise.all([
    store.scan({ order: 'oldest', limit: 1 }),
    store.scan({ order: 'newest', limit: 1 }),
  ]);
  const [first = 0, last = 0] = edges.map(({ records }) => records[0]?.createdAt);
  const hex = Math.round((first + last) / 2)
    .toString(16)
    .padStart(12, '0');
  const cursor = `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
  const paged = { rpc: 'List', query: selectionOf({ pageSize, sort: 'newest' }) };
  return pageTokens(keys, caller, paged).write(cursor);
}

async function medianMs(ask: () => Promise<{ records: unknown[] }>): Promise<number> {
  const times: number[] = [];
  for (let n = -warmUps; n < repeats; n++) {
    const began = performance.now();
    const { records } = await ask();
    if (n >= 0) times.push(performance.now() - began);
    if (records.length !== pageSize) throw new Error(`a page of ${records.length} access tokens`);
  }
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)] as number;
}

async function lmdbPlace(): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), 'usher-bench-'));
  return {
    name: 'LMDB',
    url: `lmdb:${folder}`,
    fill: count => fillLmdb(folder, count),
    end: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function redisPlace(): Promise<Place> {
  const redis = await startRedis();
  return {
    name: 'Redis',
    url: `redis://127.0.0.1:${redis.port}`,
    fill: count => fillRedis(redis.port, count),
    end: () => redis.stop(),
  };
}
