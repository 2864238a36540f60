/** What a verdict costs among a million access tokens, against a thousand, when memory helps as often. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cores } from './load.ts';
import { runOn, startRedis } from './processes.ts';
import type { Row } from './row.ts';
import type { ZipfOrder, ZipfOutcome } from './zipf-verifier.ts';

const few = 1000;
const many = 1_000_000;
/** What a deployment gets that sets nothing. */
const entries = 100_000;

/** The rows of many tokens, on both stores. */
export async function zipfRows(): Promise<Row[]> {
  return [await compare('LMDB', inFolder), await compare('Redis', inRedis)];
}

type Run = (order: Omit<ZipfOrder, 'place'>) => Promise<ZipfOutcome>;

async function compare(store: string, run: Run): Promise<Row> {
  const large = await run({ tokens: many, entries });
  const small = await run({ tokens: few, entries: { hitShare: large.hitShare } });
  const ratio = large.cpuUs / small.cpuUs;
  const percent = ({ hitShare }: ZipfOutcome) => `${(hitShare * 100).toFixed(1)} %`;
  return {
    what: `${store}: a verdict among 1,000,000 access tokens against 1,000, Zipf access`,
    measured:
      `${ratio.toFixed(2)} x (${large.cpuUs.toFixed(1)} against ${small.cpuUs.toFixed(1)} µs, ` +
      `from memory ${percent(large)} and ${percent(small)})`,
    bound: 'at most 1.10 x',
    pass: ratio <= 1.1,
  };
}

async function inFolder(order: Omit<ZipfOrder, 'place'>): Promise<ZipfOutcome> {
  const place = mkdtempSync(join(tmpdir(), 'usher-bench-'));
  try {
    return await runOn(cores.server, 'bench/zipf-verifier.ts', { ...order, place });
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

async function inRedis(order: Omit<ZipfOrder, 'place'>): Promise<ZipfOutcome> {
  const redis = await startRedis();
  try {
    return await runOn(cores.server, 'bench/zipf-verifier.ts', { ...order, place: redis.port });
  } finally {
    await redis.stop();
  }
}
