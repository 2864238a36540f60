/**
 * The promise of the SDK, in random runs with two servers, silent feeds and streams, suspended
 * processes and late answers: no verification that starts later than the lease after an acknowledged
 * revocation is valid, and none is revoked before the revocation.
 */

import { expect, test } from 'vitest';
import { createSchedule } from './simulated-time.ts';
import {
  leaseMs,
  simulatedClient,
  simulatedServer,
  simulatedStore,
  tokenIds,
} from './simulated-usher.ts';

const runMs = 20_000;
// CI plays the same runs each time, so that chance cannot fail an unrelated change.
const runs = process.env.CI ? 200 : 40;
const firstSeed = process.env.CI ? 1 : 1 + Math.floor(Math.random() * 1e9);

async function play(seed: number) {
  const schedule = createSchedule(seed);
  const store = simulatedStore(schedule);
  const servers = [simulatedServer(schedule, store), simulatedServer(schedule, store)];
  const broken: string[] = [];
  const seen = { kept: 0, late: 0, revoked: 0 };
  const client = simulatedClient(schedule, servers, (id, valid, startedMs, kept) => {
    const revoked = store.revokedAt.get(id);
    if (kept && valid) seen.kept++;
    if (!valid) seen.revoked++;
    if (valid && revoked && startedMs > revoked.acknowledgedMs) seen.late++;
    if (valid && revoked && startedMs > revoked.acknowledgedMs + leaseMs) {
      broken.push(`${id} valid ${startedMs - revoked.acknowledgedMs} ms after its revocation`);
    }
    if (!valid && !revoked) broken.push(`${id} refused, and good`);
  });
  const everyone = () => ({ suspendedUntil: 0 });
  const world = everyone();
  const again = (low: number, high: number, task: () => void) => {
    const next = () => {
      task();
      schedule.after(schedule.between(low, high), world, next);
    };
    schedule.after(schedule.between(low, high), world, next);
  };
  const anyId = () => tokenIds[schedule.between(0, tokenIds.length - 1)] ?? '';
  const anyServer = () => servers[schedule.between(0, 1)] ?? servers[0];
  again(5, 60, () => schedule.after(0, client.self, () => client.use(anyId())));
  // Other clients verify too, so that the servers have most records in the cache.
  again(20, 100, () => {
    const server = anyServer();
    if (server) schedule.after(0, server.self, () => void server.find(anyId()).catch(() => {}));
  });
  again(200, 3000, () => store.write(anyId(), false));
  again(2000, 8000, () => store.write(anyId(), true));
  again(1000, 6000, () => anyServer()?.cutFeed());
  again(1000, 6000, () => client.cutWatch(schedule.random() < 0.5));
  again(3000, 9000, () => {
    const stopped = [client, ...servers][schedule.between(0, 2)] ?? client;
    stopped.self.suspendedUntil = schedule.now() + schedule.between(100, 5000);
  });
  again(3000, 9000, () => {
    store.isDown = !store.isDown;
  });
  await schedule.run(runMs);
  client.close();
  return { broken, seen };
}

test('it holds in every run', { timeout: 300_000 }, async () => {
  const all = { kept: 0, late: 0, revoked: 0 };
  for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
    const { broken, seen } = await play(seed);
    expect(broken, `seed ${seed}`).toEqual([]);
    all.kept += seen.kept;
    all.late += seen.late;
    all.revoked += seen.revoked;
  }
  // The runs must be meaningful: many cached answers, some of them within the lease.
  expect(all.kept).toBeGreaterThan(10 * runs);
  expect(all.late).toBeGreaterThan(0);
  expect(all.revoked).toBeGreaterThan(10 * runs);
});
