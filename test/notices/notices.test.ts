import { beforeEach, expect, test } from 'vitest';
import { createLimitNotes } from '../../src/notices/limit-notes.ts';
import { noticeLimits } from '../../src/notices/limits.ts';
import { createListNotices } from '../../src/notices/notices.ts';
import type { Degraded } from '../../src/store/health.ts';
import { createReseal } from '../../src/tokens/reseal.ts';
import { setFailingSince } from '../../src/webhooks/outcome.ts';
import { webhookSeals } from '../../src/webhooks/webhook.ts';
import { defaultLimits } from '../limits.ts';
import { admin, adminOf, expectRefused, fields, reader } from '../tokens/setup.ts';
import { hook, openWebhooks } from '../webhooks/setup.ts';

const office = openWebhooks();
const { store, tokens, webhooks, clock, now, pass } = office;
const dayMs = 86_400_000;
const degraded: Degraded[] = [];
const list = createListNotices({
  ...{ store, health: { degraded }, now, monotonicMs: () => clock.ms, limits: noticeLimits },
});
const note = createLimitNotes({
  ...{ store, now, limits: noticeLimits },
  onFailure: error => expect.fail(String(error)),
});

// Nothing of before: answers are kept for some seconds, and what was noted for a day.
beforeEach(() => {
  pass(40 * dayMs);
  degraded.length = 0;
});

const made = async (name: string, more = {}) =>
  (await tokens.create(admin, 'static', fields({ name, ...more }))).record;
const use = (tokenId: string, lastUsedAt: number) => {
  const date = new Date(lastUsedAt).toISOString().slice(0, 10);
  return store.addUsage([{ tokenId, date, count: 1, lastUsedAt }]);
};
const textsOf = async (caller = admin) => (await list(caller)).notices.map(({ text }) => text);

test('only callers who may read access tokens get notices', async () => {
  await expectRefused(list({ ...reader, scopes: ['usher.verify'] }), 'PERMISSION_DENIED');
  expect(await list(reader)).toEqual({ notices: [], more: false });
});

test('access tokens that are in use and expire soon are shown, the soonest by name', async () => {
  const at = clock.ms;
  const used = async (name: string, days: number, more = {}) => {
    const record = await made(name, { expiresAt: at + days * dayMs, ...more });
    await use(record.id, at - dayMs);
    return record;
  };
  await used('soon', 1.5, { owner: 'ann' });
  await used('later', 13);
  await used('too late', 15);
  await made('unused', { expiresAt: at + dayMs });
  const revoked = await used('revoked', 1);
  await tokens.revoke(admin, revoked.id, '');
  const { notices } = await list(admin);
  expect(notices).toMatchObject([
    { text: 'soon is in use and expires in 36 hours.', isUrgent: true, kind: 'expiring' },
    { text: 'later is in use and expires in 13 days.', isUrgent: false },
  ]);
  expect(await textsOf(adminOf('ann'))).toEqual(['soon is in use and expires in 36 hours.']);
  for (let n = 0; n < 10; n++) await used(`t${n}`, 5);
  pass(noticeLimits.freshMs);
  const texts = await textsOf();
  expect(texts).toHaveLength(6);
  expect(texts.at(-1)).toBe('7 other access tokens that are in use expire within 14 days.');
});

test('a limit that is reached is noted once an hour, and shown for a day', async () => {
  const record = await made('busy', {
    owner: 'ann',
    quota: { requests: 5, period: 'day', per: 'token' },
  });
  const from = (await store.head()).sequence;
  const events = async () =>
    (await store.events({ order: 'oldest', after: from, limit: 10 })).filter(
      ({ action }) => action === 'limit.reached',
    );
  const noted = async () => {
    note(record);
    await new Promise(setImmediate);
    await expect.poll(events).not.toEqual([]);
  };
  await noted();
  await noted();
  expect(await events()).toMatchObject([
    { actor: 'usher', tokenId: record.id, detail: 'quota: 5 requests a day' },
  ]);
  // Another process notices the same.
  const other = createLimitNotes({
    ...{ store, now, limits: noticeLimits },
    onFailure: error => expect.fail(String(error)),
  });
  other(record);
  expect(await textsOf()).toEqual(['Calls with busy were refused because of its limits.']);
  expect(await textsOf(adminOf('ann'))).toHaveLength(1);
  expect(await textsOf(adminOf('bob'))).toEqual([]);
  pass(noticeLimits.limitEveryMs);
  note(record);
  await expect.poll(async () => (await events()).length).toBe(2);
  pass(dayMs + 1);
  expect(await textsOf()).toEqual([]);
});

test('a process notes few access tokens in a minute', async () => {
  const record = await made('busy');
  const asked: string[] = [];
  const counting = createLimitNotes({
    store: {
      document: (_, id) => {
        asked.push(id);
        return undefined;
      },
      changeDocument: async () => 'done',
    },
    ...{ now, limits: noticeLimits },
    onFailure: error => expect.fail(String(error)),
  });
  for (let n = 0; n < 500; n++) counting({ ...record, id: `id-${n % 100}` });
  expect(asked).toHaveLength(60);
});

test('leaks are shown until they are dismissed', async () => {
  const record = await made('payments', { owner: 'ann' });
  const leak = { tokenId: record.id, what: 'token', findings: [{ at: clock.ms }] };
  const id = `${record.id}.1`;
  await store.changeDocument({ collection: 'leaks', id, before: 0, body: leak });
  await store.changeDocument({
    ...{ collection: 'leaks', id: 'admin.1', before: 0 },
    body: { ...leak, tokenId: '', what: 'admin token' },
  });
  expect(await textsOf()).toEqual([
    'The admin token was found in public. Replace it in the configuration.',
    'A secret of payments was found in public.',
  ]);
  expect(await textsOf(adminOf('ann'))).toEqual(['A secret of payments was found in public.']);
  expect(await textsOf(adminOf('bob'))).toEqual([]);
  await store.changeDocument({
    ...{ collection: 'leaks', id, before: 1, body: { ...leak, dismissed: { at: clock.ms } } },
  });
  await store.changeDocument({ collection: 'leaks', id: 'admin.1', before: 1 });
  pass(noticeLimits.freshMs);
  expect(await textsOf()).toEqual([]);
});

test('a leaked JWT that is revoked is not urgent, and says so', async () => {
  const record = await made('web');
  const leak = { tokenId: record.id, findings: [{ at: clock.ms }] };
  const put = (n: number, body: object) =>
    store.changeDocument({
      ...{ collection: 'leaks', id: `${record.id}.${n}`, before: 0, body: { ...leak, ...body } },
    });
  await put(1, { what: 'jwt', done: 'revoked' });
  await put(2, { what: 'jwt', done: 'failed' });
  const { notices } = await list(admin);
  expect(notices.map(({ text, isUrgent }) => [text, isUrgent])).toEqual([
    ['A JWT of web was found in public.', true],
    ['A JWT of web was found in public; it is revoked.', false],
  ]);
  for (const n of [1, 2]) {
    await store.changeDocument({ collection: 'leaks', id: `${record.id}.${n}`, before: 1 });
  }
  pass(noticeLimits.freshMs);
});

test('a leak behind many that are dismissed is shown', async () => {
  const record = await made('late');
  const leak = { tokenId: record.id, what: 'token', findings: [{ at: clock.ms }] };
  for (let n = 0; n < 2 * noticeLimits.noticesMax; n++) {
    const id = `${record.id}.${String(n).padStart(4, '0')}`;
    const body = { ...leak, dismissed: { at: clock.ms } };
    await store.changeDocument({ collection: 'leaks', id, before: 0, body });
  }
  const last = { collection: 'leaks', id: `${record.id}.9999`, before: 0, body: leak } as const;
  await store.changeDocument(last);
  expect(await textsOf()).toEqual(['A secret of late was found in public.']);
  await store.changeDocument({ collection: 'leaks', id: last.id, before: 1 });
  pass(noticeLimits.freshMs);
});

test('failures of a job are shown to who started it', async () => {
  const job = {
    ...{ id: 'x', creator: { actor: 'admin', peer: '' }, state: 'done', endedAt: clock.ms },
    ...{ count: 10, failed: 2 },
  };
  await store.changeDocument({ collection: 'jobs', id: 'j.1', before: 0, body: job });
  expect(await textsOf()).toEqual(['2 of 10 changes of a job failed.']);
  // Not even to someone with the same rights, who asks in the same seconds.
  expect(await textsOf({ ...admin, actor: 'someone' })).toEqual([]);
});

test('webhooks that fail or were disabled are shown to administrators', async () => {
  const { shown } = await webhooks.create(admin, hook({ description: 'alerts' }));
  await setFailingSince(store, shown.webhook.id, clock.ms);
  expect(await textsOf()).toEqual([]);
  pass(noticeLimits.failingMs);
  expect(await list(admin)).toMatchObject({
    notices: [
      {
        text: 'Deliveries to the webhook alerts fail.',
        path: `/webhooks/${shown.webhook.id}`,
        kind: 'webhook',
      },
    ],
  });
  expect(await textsOf(reader)).toEqual([]);
  expect(await textsOf(adminOf('ann'))).toEqual([]);
  await webhooks.remove(admin, shown.webhook.id);
});

test('what the server knows comes first, and to callers of all owners alone', async () => {
  degraded.push({ what: 'certificate', detail: 'the certificate of HTTP ends in 3 days' });
  expect(await textsOf()).toEqual([
    'A certificate needs attention: the certificate of HTTP ends in 3 days.',
  ]);
  expect(await textsOf(adminOf('ann'))).toEqual([]);
});

test('callers with the same rights get the same answer for some seconds', async () => {
  expect(await textsOf()).toEqual([]);
  degraded.push({ what: 'clock', detail: '3 s behind' });
  expect(await textsOf({ ...admin, actor: 'someone' })).toEqual([]);
  pass(noticeLimits.freshMs);
  expect(await textsOf()).toHaveLength(1);
});

test('resealing seals webhooks too', async () => {
  const { shown } = await webhooks.create(admin, hook());
  const keys = { ...office.keys, currentId: 'k9' };
  const reseal = createReseal(
    { store, keys: office.keys, now, limits: defaultLimits.changes },
    {
      webhooks: webhookSeals(
        { ...keys, seal: () => ({ masterKeyId: 'k9', value: 'sealed again' }) },
        now,
      ),
    },
  );
  await reseal(admin, { pageSize: 500 });
  const found = await store.document('webhooks', shown.webhook.id);
  expect(found?.body).toMatchObject({
    url: { masterKeyId: 'k9' },
    secrets: [{ masterKeyId: 'k9' }],
  });
});
