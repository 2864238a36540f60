import { expect, test } from 'vitest';
import type { Caller } from '../../src/tokens/caller.ts';
import { admin, adminOf, expectRefused, fields, reader } from '../tokens/setup.ts';
import { hook, openWebhooks, update } from './setup.ts';

const office = openWebhooks({ webhooksMax: 8 });
const { webhooks, ask, received, receiver, store, tell, tokens, clock } = office;

const createdBy = async (caller: Caller, some = {}) =>
  (await webhooks.create(caller, hook(some))).shown.webhook;

test('every wrong field is named', async () => {
  const wrong = hook({
    url: 'http://hooks.example.com',
    description: 'x'.repeat(257),
    events: ['token.revoke', 'webhook.test'],
    owners: ['a', 'a'],
    expiringDays: [0, 3],
  });
  const error = await webhooks.create(admin, wrong).catch(each => each);
  expect(error).toMatchObject({
    code: 'INVALID_ARGUMENT',
    violations: [
      { field: 'webhook.url', description: 'the address is not https' },
      { field: 'webhook.description', description: 'is longer than 256 characters' },
      {
        field: 'webhook.events',
        description:
          'has "token.revoke", which is no event that can be chosen; did you mean token.revoked?',
      },
      { field: 'webhook.owners', description: 'has an entry twice' },
      { field: 'webhook.expiring_days', description: 'must be days, 1 to 365' },
    ],
  });
});

test.each([
  [{ url: '' }, 'webhook.url: is required'],
  [{ url: 'https://h.example.com/#x' }, 'has a fragment'],
  [{ events: [] }, 'must name at least one event'],
  [{ expiringDays: [1, 2, 3, 4, 5, 6] }, 'more than 5 entries'],
  [{ description: 'a\u0007b' }, 'control character'],
  [{ url: 'https://h.example.com/\u202ex' }, 'webhook.url: has a character that turns'],
  [{ owners: ['eve\u2066'] }, 'webhook.owners: has a character that turns'],
])('%j is refused', async (some, text) => {
  await expectRefused(webhooks.create(admin, hook(some)), 'INVALID_ARGUMENT', text);
});

test('a repeat with the same request id makes no other webhook', async () => {
  const requestId = crypto.randomUUID();
  const [first, again] = await Promise.all([
    webhooks.create(admin, hook({ description: 'once' }), requestId),
    webhooks.create(admin, hook({ description: 'once' }), requestId),
  ]);
  const third = await webhooks.create(admin, hook({ description: 'once' }), requestId);
  for (const each of [again, third]) {
    expect(each.shown.webhook.id).toBe(first.shown.webhook.id);
    expect(each.secret).toBe(first.secret);
  }
  expect(
    (await webhooks.list(admin)).filter(({ webhook }) => webhook.description === 'once'),
  ).toHaveLength(1);
  const other = webhooks.create(admin, hook({ description: 'twice' }), requestId);
  await expectRefused(other, 'INVALID_ARGUMENT', 'request_id: was used for a different call');
  // The secret is said no more once the webhook was changed.
  const { id } = first.shown.webhook;
  await webhooks.rotateSecret(admin, id, 0);
  const late = await webhooks.create(admin, hook({ description: 'once' }), requestId);
  expect([late.shown.webhook.id, late.secret]).toEqual([id, '']);
  await webhooks.remove(admin, id);
});

test('a repeated rotation with the same request id makes no other secret', async () => {
  const { id } = (await webhooks.create(admin, hook({ description: 'rotates' }))).shown.webhook;
  const requestId = crypto.randomUUID();
  const rotate = () => webhooks.rotateSecret(admin, id, 60, requestId);
  const [first, again] = await Promise.all([rotate(), rotate()]);
  await webhooks.update(admin, {
    ...{ id, revision: 0, fields: hook({ description: 'other' }), paths: ['description'] },
  });
  const third = await rotate();
  expect([again.secret, third.secret]).toEqual([first.secret, first.secret]);
  expect(third.shown.webhook.revision).toBe(3);
  await expectRefused(
    webhooks.rotateSecret(admin, id, 0, requestId),
    'INVALID_ARGUMENT',
    'request_id: was used for a different call',
  );
  // What another rotation replaced does not come back.
  const { secret } = await webhooks.rotateSecret(admin, id, 60);
  await expectRefused(rotate(), 'ABORTED', 'changed since the first call');
  expect(secret).not.toBe(first.secret);
  await webhooks.remove(admin, id);
});

test('only administrators may use webhooks', async () => {
  const { id } = await createdBy(admin);
  const calls = [
    () => webhooks.create(reader, hook()),
    () => webhooks.list(reader),
    () => webhooks.get(reader, id),
    () => webhooks.update(reader, update(id, 1, hook(), ['url'])),
    () => webhooks.rotateSecret(reader, id, 0),
    () => webhooks.remove(reader, id),
    () => ask.test(reader, id),
    () => ask.replay(reader, id, ''),
    () => ask.listDeliveries(reader, { webhookId: id, pageSize: 0, pageToken: '' }),
  ];
  for (const call of calls) await expectRefused(call(), 'PERMISSION_DENIED');
  await webhooks.remove(admin, id);
});

test('a caller with owners has webhooks of these alone', async () => {
  const ann = adminOf('ann');
  const both: Caller = { ...ann, owners: ['ann', 'bob'] };
  const [all, hers, his] = [
    await createdBy(admin),
    await createdBy(ann),
    await createdBy(admin, { owners: ['bob'] }),
  ];
  expect(hers.owners).toEqual(['ann']);
  const seenBy = async (caller: Caller) =>
    (await webhooks.list(caller)).map(({ webhook }) => webhook.id);
  expect(await seenBy(ann)).toEqual([hers.id]);
  expect(await seenBy(both)).toEqual([hers.id, his.id]);
  for (const id of [all.id, his.id]) {
    await expectRefused(webhooks.get(ann, id), 'NOT_FOUND');
    await expectRefused(webhooks.update(ann, update(id, 0, hook(), ['url'])), 'NOT_FOUND');
    await expectRefused(webhooks.rotateSecret(ann, id, 0), 'NOT_FOUND');
    await expectRefused(webhooks.remove(ann, id), 'NOT_FOUND');
    await expectRefused(ask.test(ann, id), 'NOT_FOUND');
    await expectRefused(ask.replay(ann, id, '0'.repeat(13)), 'NOT_FOUND');
    const list = { webhookId: id, pageSize: 0, pageToken: '' };
    await expectRefused(ask.listDeliveries(ann, list), 'NOT_FOUND');
  }
  await expectRefused(webhooks.create(ann, hook({ owners: ['bob'] })), 'PERMISSION_DENIED');
  await expectRefused(webhooks.create(both, hook()), 'INVALID_ARGUMENT', 'name some of the owners');
  const widened = webhooks.update(
    ann,
    update(hers.id, 0, hook({ owners: ['ann', 'bob'] }), ['owners']),
  );
  await expectRefused(widened, 'PERMISSION_DENIED');
  // No owners means all: for her, that is her own.
  const same = await webhooks.update(ann, update(hers.id, 0, hook({ owners: [] }), ['owners']));
  expect(same.webhook.owners).toEqual(['ann']);
  for (const { id } of [all, hers, his]) await webhooks.remove(admin, id);
});

test('an update changes the named fields alone, at the revision that was read', async () => {
  const { id } = await createdBy(admin, { owners: ['ann'], expiringDays: [7] });
  const next = hook({ url: 'https://b.example.com/', description: 'new', owners: [] });
  const { webhook, url } = await webhooks.update(admin, update(id, 1, next, ['description']));
  expect(webhook).toMatchObject({ revision: 2, description: 'new', owners: ['ann'] });
  expect(url).toBe(hook().url);
  await expectRefused(
    webhooks.update(admin, update(id, 1, next, ['url'])),
    'ABORTED',
    'revision 1',
  );
  await expectRefused(
    webhooks.update(admin, update(id, 2, next, [])),
    'INVALID_ARGUMENT',
    'update_mask',
  );
  const moved = await webhooks.update(
    admin,
    update(id, 2, next, ['url', 'owners', 'expiring_days']),
  );
  expect(moved).toMatchObject({
    url: 'https://b.example.com/',
    webhook: { host: 'b.example.com' },
  });
  expect(moved.webhook.owners).toBeUndefined();
  expect(moved.webhook.expiringDays).toEqual([14, 3, 1]);
  await webhooks.remove(admin, id);
  await expectRefused(webhooks.get(admin, id), 'NOT_FOUND');
});

test('there are as many webhooks as the setting allows', async () => {
  const all = [];
  for (let n = 0; n < 8; n++) all.push(await createdBy(admin));
  await expectRefused(webhooks.create(admin, hook()), 'RESOURCE_EXHAUSTED', 'USHER_WEBHOOKS_MAX');
  for (const { id } of all) await webhooks.remove(admin, id);
});

test('callers with owners may have a fifth of them', async () => {
  const ann = adminOf('ann');
  const hers = [await createdBy(ann), await createdBy(ann)];
  await expectRefused(webhooks.create(ann, hook()), 'RESOURCE_EXHAUSTED', 'a fifth');
  const others = await createdBy(adminOf('bob'));
  for (const { id } of [...hers, others]) await webhooks.remove(admin, id);
});

test('the audit log names who did what, and holds no address and no secret', async () => {
  const from = (await store.head()).sequence;
  const { shown, secret } = await webhooks.create(admin, hook());
  const { id } = shown.webhook;
  await webhooks.update(
    admin,
    update(id, 0, hook({ url: 'https://b.example.com/?key=hidden' }), ['url']),
  );
  const rotated = await webhooks.rotateSecret(admin, id, 60);
  const { attempts, ...sent } = await ask.test(admin, id);
  expect(attempts).toMatchObject([{ status: 204 }]);
  await ask.replay(admin, id, sent.id.slice(id.length + 1));
  await webhooks.remove(admin, id);
  const events = await store.events({ order: 'oldest', after: from, limit: 20 });
  expect(events.map(({ action, actor }) => `${actor} ${action}`)).toEqual([
    'admin webhook.create',
    'admin webhook.update',
    'admin webhook.rotate',
    'admin webhook.test',
    'admin webhook.replay',
    'admin webhook.remove',
  ]);
  expect(events[1]).toMatchObject({
    before: { host: 'hooks.example.com' },
    after: { host: 'b.example.com' },
  });
  const text = JSON.stringify(events);
  for (const hidden of ['hidden', secret, rotated.secret]) expect(text).not.toContain(hidden);
});

test('a test and a replay show the answer, and change nothing of what waits', async () => {
  const { id } = await createdBy(admin, { enabled: false });
  receiver.answer = () => new Response(`no\u001b[2J ${'x'.repeat(5000)}`, { status: 302 });
  const failed = await ask.test(admin, id);
  expect(failed).toMatchObject({ state: 'failed', type: 'webhook.test' });
  expect(failed.attempts[0]).toMatchObject({
    status: 302,
    error: 'answered 302, a redirect, which is not followed; use the address that it leads to',
  });
  expect(failed.attempts[0]?.answer).toMatch(/^no\ufffd\[2J x{100,}$/);
  expect(failed.attempts[0]?.answer).toHaveLength(1000);
  receiver.answer = () => 200;
  const again = await ask.replay(admin, id, failed.id.slice(id.length + 1));
  expect(again).toMatchObject({ state: 'delivered', attemptsTotal: 2 });
  const [first, second] = received.slice(-2);
  expect(first?.headers['webhook-id']).toBe(second?.headers['webhook-id']);
  await expectRefused(ask.replay(admin, id, '../x'), 'NOT_FOUND', 'no delivery');
  await expectRefused(ask.replay(admin, id, `${'9'.repeat(13)}.abc`), 'NOT_FOUND');
  await webhooks.remove(admin, id);
});

test('a replay of one that waits is its delivery, or leaves it waiting', async () => {
  const { id } = await createdBy(admin);
  receiver.answer = () => 500;
  await tokens.create(admin, 'static', fields({ name: 'a' }));
  await tell();
  const list = async () =>
    (await ask.listDeliveries(admin, { webhookId: id, pageSize: 0, pageToken: '' })).deliveries;
  const [waiting] = await list();
  const short = waiting?.id.slice(id.length + 1) ?? '';
  expect(await ask.replay(admin, id, short)).toMatchObject({
    ...{ state: 'waiting', attemptsTotal: 2, nextAt: waiting?.nextAt },
  });
  receiver.answer = () => 200;
  await ask.replay(admin, id, short);
  const count = received.length;
  clock.ms += 60_000;
  await tell();
  expect(received).toHaveLength(count);
  expect(await list()).toMatchObject([{ state: 'delivered', attemptsTotal: 3 }]);
  await webhooks.remove(admin, id);
});

test('deliveries are listed newest first, page by page', async () => {
  const { id } = await createdBy(admin);
  for (let n = 0; n < 5; n++) {
    clock.ms += 1000;
    await ask.test(admin, id);
  }
  const times: number[] = [];
  let pageToken = '';
  do {
    const page = await ask.listDeliveries(admin, { webhookId: id, pageSize: 2, pageToken });
    times.push(...page.deliveries.map(({ time }) => time));
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  expect(times).toEqual([0, 1, 2, 3, 4].map(n => clock.ms - n * 1000));
  const forged = { webhookId: id, pageSize: 2, pageToken: 'x' };
  await expectRefused(ask.listDeliveries(admin, forged), 'INVALID_ARGUMENT', 'page_token');
  await webhooks.remove(admin, id);
});
