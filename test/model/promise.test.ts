/**
 * The published promise, on random schedules: no verification that starts later than the bound after
 * an acknowledged revocation is valid, and no valid token gets INVALID_TOKEN. The code from the
 * verifier down to the feed is real; Redis, the network and time are simulated.
 *
 * USHER_MODEL_SEED=n plays one schedule and prints its events; USHER_MODEL_SCHEDULES=n plays n new
 * schedules. CI always plays the same thousand, so that chance cannot fail an unrelated change;
 * elsewhere 200 are played.
 */

import { afterAll, expect, test, vi } from 'vitest';
import { makeAccessTokens } from './access-tokens.ts';
import { feedClient, type Network } from './clients.ts';
import { networks } from './replica.ts';
import { playSchedule } from './schedule.ts';

// Unit tests share a module cache, so modules that were loaded with the mock must not stay in it.
vi.hoisted(() => vi.resetModules());
afterAll(() => void vi.resetModules());
vi.mock('../../src/store/redis/client.ts', () => ({
  masters: (client: object) => [client],
  sendInTurn: () => undefined,
  feedClient: (_target: unknown, server: object) => feedClient(networks.get(server) as Network),
}));

const { CI, USHER_MODEL_SEED, USHER_MODEL_SCHEDULES = CI ? '1000' : '200' } = process.env;
const start = CI ? 1 : Math.floor(Math.random() * 2 ** 31);
const made = makeAccessTokens(12);

test('no schedule breaks the promise', { timeout: 300_000 }, async () => {
  const isOne = USHER_MODEL_SEED !== undefined;
  const first = isOne ? Number(USHER_MODEL_SEED) : start;
  const schedules = isOne ? 1 : Number(USHER_MODEL_SCHEDULES);
  const counts = new Map<string, number>();
  for (let seed = first; seed < first + schedules; seed++) {
    const { wrong, story, counts: more } = await playSchedule(seed, made);
    for (const [name, count] of more) counts.set(name, (counts.get(name) ?? 0) + count);
    const told = isOne ? story : story.slice(-40);
    if (wrong !== undefined) {
      throw new Error(`${wrong}\nUSHER_MODEL_SEED=${seed}\n${told.join('\n')}`);
    }
    if (isOne) say(story);
  }
  say([`${schedules} schedules, seeds from ${first}`]);
  say([...counts].sort().map(([name, count]) => `  ${name}: ${count}`));
  expect(counts.get('valid')).toBeGreaterThan(0);
  expect(counts.get('REVOKED')).toBeGreaterThan(0);
});

function say(lines: readonly string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`);
}
