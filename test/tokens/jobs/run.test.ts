/** Jobs whose processes die at any step, lose their lease, or are canceled: nothing is done twice or lost. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { NewJob } from '../../../src/tokens/jobs/check-job.ts';
import { admin, adminOf, expectRefused } from '../setup.ts';
import { createWorld, smallLimits } from './world.ts';

const rotateAnn: NewJob = {
  act: { kind: 'rotate', graceSeconds: 60 },
  selection: { kind: 'owner', owner: 'ann' },
  start: true,
};

type World = ReturnType<typeof createWorld>;

/** All new secrets of an ended job, by access token. */
async function secretsOf({ openProcess }: World, id: string): Promise<Map<string, string>> {
  const { jobs } = openProcess('reader');
  const found = new Map<string, string>();
  let pageToken = '';
  do {
    const page = await jobs.secrets(admin, id, pageToken);
    for (const { tokenId, secret } of page.entries) {
      expect(found.has(tokenId)).toBe(false);
      found.set(tokenId, secret);
    }
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return found;
}

function actionsOf({ documents }: World): string[] {
  return [...documents.events.values()].map(({ action }) => action).sort();
}

const annsOf = ({ records }: World, before: number) =>
  records.filter(({ owner, createdAt }) => owner === 'ann' && createdAt <= before);

test('whatever process dies at whatever step, each access token is changed once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 23 }),
      fc.array(fc.integer({ min: 0, max: 120 }), { maxLength: 6 }),
      fc.boolean(),
      async (size, budgets, together) => {
        const world = createWorld(size);
        const job = await world.openProcess('api').jobs.create(admin, rotateAnn);
        world.clock.ms += 1;
        world.add('ann');
        const deaths = budgets.map(async (budget, n) => {
          const died = await world.openProcess(`p${n}`, budget).work(job.id);
          world.clock.ms += smallLimits.leaseMs + 1;
          return died;
        });
        if (!together) for (const death of deaths) await death;
        await Promise.all(deaths);
        world.clock.ms += smallLimits.leaseMs + 1;
        const last = world.openProcess('last');
        await last.run(job.id);
        const ended = await last.jobs.get(admin, job.id);
        const selected = annsOf(world, job.createdAt).map(({ id }) => id);
        expect(ended).toMatchObject({ state: 'done', count: selected.length, failed: 0 });
        expect(ended.done).toBe(selected.length);
        expect([...world.acts.keys()].sort()).toEqual(selected.sort());
        expect([...world.acts.values()].every(count => count === 1)).toBe(true);
        expect(actionsOf(world)).toEqual(['job.end', 'job.start']);
        if (size === 0) return;
        const secrets = await secretsOf(world, job.id);
        expect([...secrets.keys()].sort()).toEqual(selected);
      },
    ),
    { numRuns: 300 },
  );
});

test('a canceled job gives all secrets that it made, whatever process dies', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 23 }),
      fc.array(fc.integer({ min: 0, max: 120 }), { maxLength: 3 }),
      fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 3 }),
      async (size, before, after) => {
        const world = createWorld(size);
        const api = world.openProcess('api');
        const job = await api.jobs.create(admin, rotateAnn);
        for (const [n, budget] of before.entries()) {
          await world.openProcess(`p${n}`, budget).work(job.id);
          world.clock.ms += smallLimits.leaseMs + 1;
        }
        await api.jobs.cancel(admin, job.id);
        for (const [n, budget] of after.entries()) {
          await world.openProcess(`q${n}`, budget).work(job.id);
          world.clock.ms += smallLimits.leaseMs + 1;
        }
        const acted = world.acts.size;
        await world.openProcess('last').run(job.id);
        const ended = await api.jobs.get(admin, job.id);
        expect(['canceled', 'done']).toContain(ended.state);
        expect(world.acts.size).toBe(acted);
        expect(ended).toMatchObject({ done: acted, failed: 0, secrets: acted });
        if (acted > 0) expect((await secretsOf(world, job.id)).size).toBe(acted);
      },
    ),
    { numRuns: 300 },
  );
});

test('a job ends when its caller loses its rights, with what it did until then', async () => {
  const world = createWorld(12);
  const { jobs, run } = world.openProcess('p');
  const job = await jobs.create(admin, rotateAnn);
  await world.openProcess('dies', 60).work(job.id);
  const before = world.acts.size;
  expect(before).toBeGreaterThan(0);
  world.clock.ms += smallLimits.leaseMs + 1;
  world.rights.current = false;
  await run(job.id);
  expect(world.acts.size).toBe(before);
  const ended = await jobs.get(admin, job.id);
  expect(ended).toMatchObject({ state: 'failed', done: before, secrets: before });
  expect(ended.endReason).toMatch(/may no longer change/);
  expect((await secretsOf(world, job.id)).size).toBe(before);
});

test('a job that was interrupted for too long does nothing more', async () => {
  const world = createWorld(12);
  const { jobs, run } = world.openProcess('p');
  const job = await jobs.create(admin, rotateAnn);
  await world.openProcess('dies', 60).work(job.id);
  const before = world.acts.size;
  world.clock.ms += smallLimits.runMs + 1;
  await run(job.id);
  expect(world.acts.size).toBe(before);
  expect(await jobs.get(admin, job.id)).toMatchObject({ state: 'failed', done: before });
});

test('what fails is counted by its reason, and listed', async () => {
  const world = createWorld(12);
  const { jobs, run } = world.openProcess('p');
  for (const { id } of annsOf(world, world.clock.ms).slice(0, 7)) world.refused.add(id);
  const job = await jobs.create(admin, rotateAnn);
  await run(job.id);
  const ended = await jobs.get(admin, job.id);
  expect(ended).toMatchObject({ state: 'done', done: 5, failed: 7, failures: [['refused', 7]] });
  const { entries } = await jobs.failures(admin, job.id, '');
  expect(entries.map(([id]) => id).sort()).toEqual([...world.refused].sort());
});

test('a job that is marked, and not written yet, is not dropped', async () => {
  const world = createWorld(3);
  const { book, run } = world.openProcess('p');
  await book.setOpen('a', true);
  await run('a');
  expect(await book.open(10)).toEqual(['a']);
  world.clock.ms += 61_000;
  await run('a');
  expect(await book.open(10)).toEqual([]);
});

test('new secrets are given only for access tokens that the caller may still see', async () => {
  const world = createWorld(7);
  const { jobs, run } = world.openProcess('one');
  const ann = adminOf('ann');
  const { id } = await jobs.create(ann, rotateAnn);
  await run(id);
  const all = (await jobs.secrets(ann, id, '')).entries;
  expect(all).toHaveLength(7);
  const [moved, ...others] = world.records.filter(({ owner }) => owner === 'ann');
  Object.assign(moved ?? {}, { owner: 'bob' });
  const left = (await jobs.secrets(ann, id, '')).entries.map(({ tokenId }) => tokenId);
  expect(left.sort()).toEqual(others.map(each => each.id).sort());
  // The same person, who has been given another owner since.
  expect((await jobs.secrets({ ...ann, owners: ['bob'] }, id, '')).entries).toHaveLength(1);
  expect((await jobs.secrets({ ...ann, owners: ['eve'] }, id, '')).entries).toEqual([]);
});

test('failures are listed only of access tokens that the caller may still see', async () => {
  const world = createWorld(200);
  const { jobs, run } = world.openProcess('one');
  const own = world.records.filter(({ owner }) => owner === 'ann').map(({ id }) => id);
  for (const id of own) world.refused.add(id);
  const ann = adminOf('ann');
  const { id } = await jobs.create(ann, rotateAnn);
  await run(id);
  const first = await jobs.failures(ann, id, '');
  expect(first.entries).toHaveLength(125);
  const moved = world.records.find(each => each.id === first.entries[0]?.[0]);
  Object.assign(moved ?? {}, { owner: 'bob' });
  const left = (await jobs.failures(ann, id, '')).entries.map(([tokenId]) => tokenId);
  expect(left).toEqual(first.entries.slice(1).map(([tokenId]) => tokenId));
  // The same person, whose owners have changed since: what was sealed before is of no use.
  const later = { ...ann, owners: ['bob'] };
  expect((await jobs.failures(later, id, '')).entries).toEqual([first.entries[0]]);
  expect((await jobs.failures({ ...ann, owners: [] }, id, '')).entries).toEqual([]);
  await expectRefused(jobs.failures(later, id, first.nextPageToken), 'INVALID_ARGUMENT');
  expect((await jobs.failures(ann, id, first.nextPageToken)).entries).toHaveLength(75);
});
