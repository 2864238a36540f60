/** Notices where the store has more documents than a page, most of which are others'. */

import { expect, test } from 'vitest';
import { noticeLimits } from '../../src/notices/limits.ts';
import { createListNotices } from '../../src/notices/notices.ts';
import { admin, adminOf, fields, openOffice } from '../tokens/setup.ts';

const { store, tokens, clock, now } = openOffice();
const made = async (name: string, more: object) =>
  (await tokens.create(admin, 'static', fields({ name, ...more }))).record;

test('what a caller may see is shown behind many that it may not', async () => {
  const list = createListNotices({
    ...{ store, health: { degraded: [] }, now, monotonicMs: () => clock.ms },
    limits: { ...noticeLimits, noticesMax: 2 },
  });
  const add = (collection: 'leaks' | 'deliveries' | 'jobs', id: string, body: object) =>
    store.changeDocument({ collection, id, before: 0, body: { ...body } });
  for (const owner of ['bee', 'bee', 'bee', 'ann']) {
    const { id: tokenId } = await made(`of ${owner}`, { owner });
    const findings = [{ at: clock.ms }];
    await add('leaks', `${tokenId}.1`, { tokenId, what: 'token', done: 'flagged', findings });
    await add('deliveries', `limit.${tokenId}`, { tokenId, at: clock.ms });
    const job = { state: 'done', endedAt: clock.ms, count: 1, failed: 1 };
    const creator = { actor: `admin of ${owner}` };
    await add('jobs', `j.${tokenId}`, { ...job, id: tokenId, creator });
  }
  const kindsFor = async (owners: string[]) =>
    (await list({ ...adminOf('ann'), owners })).notices.map(({ kind }) => kind);
  expect(await kindsFor(['ann'])).toEqual(['leaked', 'limit reached']);
  expect(await kindsFor(['bee', 'ann'])).toEqual(['leaked', 'leaked']);
  const jobsAlone = createListNotices({
    ...{ store, health: { degraded: [] }, now, monotonicMs: () => clock.ms },
    limits: { ...noticeLimits, noticesMax: 3 },
  });
  const { notices } = await jobsAlone(adminOf('ann'));
  expect(notices.map(({ kind }) => kind)).toEqual(['leaked', 'limit reached', 'job']);
});
