/**
 * Fills a store and verifies its tokens as often as Zipf's law says, in a process of its own. Reads what
 * to do as JSON, prints the CPU per verdict and the share that came from memory as JSON.
 */

import { json } from 'node:stream/consumers';
import { LRUCache } from 'lru-cache';
import { openStore } from '../src/store/open.ts';
import { defaultVerifyLimits } from '../src/verify/limits.ts';
import { createMasterKeys } from '../src/verify/master-keys.ts';
import { createMemory } from '../src/verify/memory.ts';
import { createProve } from '../src/verify/prove.ts';
import { createVerify } from '../src/verify/verify.ts';
import { fillLmdb, fillRedis } from './fill.ts';
import { masterKey } from './processes.ts';
import { median } from './row.ts';

/** What to do. */
export interface ZipfOrder {
  /** A folder for LMDB, or the port of a Redis. */
  place: string | number;
  tokens: number;
  /** How many are kept in memory, or how large a share of the looks shall find what it looks for. */
  entries: number | { hitShare: number };
}

/** What came of it. */
export interface ZipfOutcome {
  cpuUs: number;
  hitShare: number;
  entries: number;
}

const accesses = 150_000;
const rounds = 3;
const atOnce = 16;

const order = (await json(process.stdin)) as ZipfOrder;
const keys = createMasterKeys([masterKey]);
const draw = zipf(order.tokens);
const played = Array.from({ length: rounds + 1 }, () => Array.from({ length: accesses }, draw));
const entries =
  typeof order.entries === 'number' ? order.entries : entriesFor(order.entries.hitShare);
const wanted = new Set(played.flat());
const known = { keys, isKnown: (n: number) => wanted.has(n) };
const { place } = order;
const tokens =
  typeof place === 'number'
    ? await fillRedis(place, order.tokens, known)
    : await fillLmdb(place, order.tokens, known);
const url = typeof place === 'number' ? `redis://127.0.0.1:${place}` : `lmdb:${place}`;
const store = await openStore(url, {
  now: Date.now,
  cache: { entriesMax: entries },
  // What a verdict costs is asked here, not whether it comes in time on a machine that does other work.
  redis: { readTimeoutMs: 5000 },
});
let looks = 0;
const verify = createVerify({
  records: {
    find(id) {
      looks++;
      return store.find(id);
    },
    isCurrent: found => store.isCurrent(found),
  },
  findForeign: digest => Promise.resolve(store.findForeign(digest)),
  prove: createProve(keys),
  memory: createMemory(entries),
  now: Date.now,
  limits: defaultVerifyLimits,
});

await play(played[0] as number[]);
const costs: number[] = [];
looks = 0;
for (const accessed of played.slice(1)) costs.push(await play(accessed));
await store.close();
const hitShare = 1 - looks / (rounds * accesses);
const outcome: ZipfOutcome = { cpuUs: median(costs), hitShare, entries };
process.stdout.write(JSON.stringify(outcome));

/** CPU per verdict, in microseconds. */
async function play(accessed: readonly number[]): Promise<number> {
  const headers = accessed.map(n => Buffer.from(tokens.get(n) as string).toString('latin1'));
  let next = 0;
  const follow = async () => {
    while (next < headers.length) {
      const verdict = verify({ header: headers[next++] as string });
      const { valid } = verdict instanceof Promise ? await verdict : verdict;
      if (!valid) throw new Error('a good token was refused');
    }
  };
  const before = process.cpuUsage();
  await Promise.all(Array.from({ length: atOnce }, follow));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / headers.length;
}

/** Draws from so many things: the nth most popular is drawn 1/n as often as the first. */
function zipf(count: number): () => number {
  const sums = new Float64Array(count);
  let sum = 0;
  for (let n = 0; n < count; n++) {
    sum += 1 / (n + 1);
    sums[n] = sum;
  }
  return () => {
    const drawn = Math.random() * sum;
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] as number) < drawn) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

/** How many a memory must keep for such a share of hits. */
function entriesFor(share: number): number {
  let low = 1;
  let high = order.tokens;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (hitsWith(middle) < share) low = middle + 1;
    else high = middle;
  }
  return low;
}

function hitsWith(max: number): number {
  const memory = new LRUCache<number, true>({ max });
  let hits = 0;
  for (const [round, accessed] of played.slice(0, 2).entries()) {
    for (const n of accessed) {
      if (memory.get(n) === undefined) memory.set(n, true);
      else hits += round;
    }
  }
  return hits / accesses;
}
