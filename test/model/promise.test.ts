/**
 * The published promise, on random schedules: after a revocation was acknowledged, no verification that
 * starts later than the bound says valid; and none says INVALID_TOKEN of a good token. The code is the
 * real one, from the verifier down to the feed; Redis, the network and time are simulated.
 *
 * USHER_MODEL_SEED=n plays one schedule and prints its story; USHER_MODEL_SCHEDULES=n plays so many.
 */

import { expect, test, vi } from 'vitest';
import { makeAccessTokens } from './access-tokens.ts';
import { feedClient, type Network } from './clients.ts';
import { networks } from './replica.ts';
import { playSchedule } from './schedule.ts';

vi.mock('../../src/store/redis-client.ts', () => ({
  masters: (client: object) => [client],
  feedClient: (_target: unknown, server: object) => feedClient(networks.get(server) as Network),
}));

const { USHER_MODEL_SEED, USHER_MODEL_SCHEDULES = '1500' } = process.env;
const made = makeAccessTokens(12);

test.runIf(USHER_MODEL_SEED !== undefined)('the schedule of one seed', async () => {
  const { wrong, story } = await playSchedule(Number(USHER_MODEL_SEED), made);
  for (const line of story) process.stdout.write(`${line}\n`);
  expect(wrong).toBeUndefined();
});

test.runIf(USHER_MODEL_SEED === undefined)(
  'no schedule breaks the promise',
  { timeout: 120_000 },
  async () => {
    const schedules = Number(USHER_MODEL_SCHEDULES);
    const first = Math.floor(Math.random() * 2 ** 31);
    const counts = new Map<string, number>();
    let verdicts = 0;
    for (let seed = first; seed < first + schedules; seed++) {
      const outcome = await playSchedule(seed, made);
      verdicts += outcome.verdicts;
      for (const [name, n] of outcome.counts) counts.set(name, (counts.get(name) ?? 0) + n);
      const { wrong, story } = outcome;
      if (wrong === undefined) continue;
      throw new Error(`${wrong}\nUSHER_MODEL_SEED=${seed}\n${story.slice(-40).join('\n')}`);
    }
    process.stdout.write(
      `${schedules} schedules, seeds from ${first}: ${verdicts} verdicts\n${told(counts)}\n`,
    );
    expect(verdicts).toBeGreaterThan(0);
  },
);

function told(counts: Map<string, number>): string {
  return [...counts]
    .sort()
    .map(([name, n]) => `  ${name}: ${n}`)
    .join('\n');
}
