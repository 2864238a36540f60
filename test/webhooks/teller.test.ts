import { beforeEach, expect, test, vi } from 'vitest';
import { OutboundError } from '../../src/outbound/error.ts';
import { prefixOf } from '../../src/webhooks/delivery.ts';
import { admin, adminOf, fields } from '../tokens/setup.ts';
import { hook, openWebhooks, type Received, update, verified } from './setup.ts';

const office = openWebhooks();
const { tokens, webhooks, received, receiver, tell, pass, clock, teller } = office;

beforeEach(async () => {
  for (const { webhook } of await webhooks.list(admin)) await webhooks.remove(admin, webhook.id);
  await tell();
  received.length = 0;
  receiver.answer = () => 204;
});

const made = async (name: string, owner?: string) =>
  (await tokens.create(admin, 'static', fields({ name, owner }))).record;
const types = () => received.map(({ event }) => event.type);
const deliveriesOf = async (webhookId: string) =>
  (await office.ask.listDeliveries(admin, { webhookId, pageSize: 100, pageToken: '' })).deliveries;

test('a webhook gets what happens to access tokens from its creation on, signed', async () => {
  await made('before');
  const { secret } = await webhooks.create(admin, hook());
  const { id } = await made('payments', 'ann');
  await tokens.update(admin, id, 1, { name: 'billing' }, ['name']);
  await tokens.rotate(admin, id, 60, 0);
  await tokens.revoke(admin, id, 'leaked on a forum');
  vi.setSystemTime(clock.ms);
  await tell();
  expect(types().sort()).toEqual(['token.created', 'token.revoked', 'token.rotated']);
  const revoked = received.find(({ event }) => event.type === 'token.revoked') as Received;
  expect(verified(secret, revoked)).toEqual(revoked.event);
  vi.useRealTimers();
  expect(revoked.url).toBe('https://hooks.example.com/usher?key=hidden');
  expect(revoked.headers).toMatchObject({
    'content-type': 'application/json',
    'user-agent': 'Usher/test',
  });
  expect(revoked.event).toEqual({
    type: 'token.revoked',
    timestamp: new Date(clock.ms).toISOString(),
    version: 1,
    data: {
      accessToken: { id, name: 'billing', kind: 'static', owner: 'ann' },
      actor: { id: 'admin', name: 'admin token' },
      reason: 'leaked on a forum',
    },
  });
});

test('no payload holds a token or a secret', async () => {
  await webhooks.create(admin, hook());
  const { secret } = await tokens.create(admin, 'jwt', fields({ name: 'signer' }));
  await tell();
  expect(types()).toEqual(['token.created']);
  expect(JSON.stringify(received)).not.toContain(secret);
  expect(JSON.stringify(received)).not.toContain('usk_');
});

test('a webhook of owners gets the events of their access tokens alone', async () => {
  await webhooks.create(adminOf('ann'), hook({ events: ['token.created', 'store.rolled_back'] }));
  await made('hers', 'ann');
  await made('his', 'bob');
  await made('of nobody');
  await office.store.append({
    ...{ id: 'a8b1', time: clock.ms, action: 'store.healed', actor: 'usher', peer: '' },
    ...{ tokenId: '', detail: 'two changes were lost', requestId: '' },
  });
  await tell();
  expect(received.map(({ event }) => event.data)).toMatchObject([
    { accessToken: { name: 'hers' } },
  ]);
});

test('the name of who did it is that of an access token which the owners may see', async () => {
  await webhooks.create(admin, hook({ owners: ['ann'], events: ['token.created'] }));
  await webhooks.create(admin, hook({ events: ['token.created'] }));
  const [hers, his] = [await made('hers', 'ann'), await made('his', 'bob')];
  await tell();
  received.length = 0;
  for (const { id } of [hers, his]) {
    const caller = { ...admin, actor: id };
    await tokens.create(caller, 'static', fields({ name: 'new', owner: 'ann' }));
  }
  await tell();
  const names = received.map(({ event }) => (event.data.actor as { name: string }).name);
  expect(names.sort()).toEqual([his.id, 'hers', 'hers', 'his']);
});

test('what failed is tried again with growing pauses, as the same message', async () => {
  const { shown } = await webhooks.create(admin, hook());
  receiver.answer = () => 500;
  await made('a');
  for (const ms of [0, 4999, 1, 14_999, 1]) {
    pass(ms);
    await tell();
  }
  expect(received).toHaveLength(3);
  receiver.answer = () => 200;
  pass(45_000);
  await tell();
  expect(new Set(received.map(({ headers }) => headers['webhook-id']))).toHaveLength(1);
  expect(new Set(received.map(({ body }) => body))).toHaveLength(1);
  const [delivery] = await deliveriesOf(shown.webhook.id);
  expect(delivery).toMatchObject({ state: 'delivered', attemptsTotal: 4 });
  expect(delivery?.attempts.map(({ status }) => status)).toEqual([500, 500, 500, 200]);
  expect(delivery?.attempts.at(-1)).toMatchObject({ answer: 'told' });
  pass(86_400_000);
  await tell();
  expect(received).toHaveLength(4);
});

test('a delivery is given up after its time, and the webhook shows since when it fails', async () => {
  const { shown } = await webhooks.create(admin, hook());
  receiver.answer = () => new OutboundError('connection', 'hooks.example.com refuses connections');
  const began = clock.ms;
  await made('a');
  await tell();
  for (let hours = 0; hours < 30; hours++) {
    pass(3_600_000);
    await tell();
  }
  const [delivery] = await deliveriesOf(shown.webhook.id);
  expect(delivery).toMatchObject({ state: 'failed' });
  expect(delivery?.attempts).toHaveLength(10);
  expect(delivery?.attempts.at(-1)?.error).toBe('hooks.example.com refuses connections');
  const attempts = delivery?.attemptsTotal ?? 0;
  expect(attempts).toBeGreaterThan(10);
  expect(received).toHaveLength(attempts);
  expect(await webhooks.get(admin, shown.webhook.id)).toMatchObject({
    failingSince: began,
    last: { state: 'failed' },
    waiting: 0,
  });
});

test('410 disables a webhook, and so do days without success', async () => {
  const { shown: gone } = await webhooks.create(admin, hook());
  receiver.answer = () => 410;
  await made('a');
  await tell();
  const after = await webhooks.get(admin, gone.webhook.id);
  expect(after.webhook).toMatchObject({ enabled: false, revision: 2 });
  expect(after.webhook.disabledReason).toMatch(/410/);
  await made('b');
  await tell();
  expect(received).toHaveLength(1);

  const { shown: down } = await webhooks.create(admin, hook());
  receiver.answer = () => 503;
  for (let hours = 0; hours < 6 * 24; hours += 3) {
    if (hours % 24 === 0) await made('c');
    await tell();
    pass(3 * 3_600_000);
  }
  const { webhook } = await webhooks.get(admin, down.webhook.id);
  expect(webhook).toMatchObject({ enabled: false });
  expect(webhook.disabledReason).toMatch(/every delivery failed for 12\d hours/);
  expect(office.disabled).toHaveLength(2);
  // Enabled again, it has as many days as a new one.
  await webhooks.update(admin, update(down.webhook.id, 0, hook({ enabled: true }), ['enabled']));
  await made('d');
  await tell();
  const again = await webhooks.get(admin, down.webhook.id);
  expect(again.webhook).toMatchObject({ enabled: true });
  expect(again.webhook.disabledReason).toBeUndefined();
  expect(again.failingSince).toBe(clock.ms);
  const events = await office.store.events({ order: 'newest', limit: 20 });
  expect(events.filter(({ action }) => action === 'webhook.disable')).toMatchObject([
    { actor: 'usher', after: { id: down.webhook.id, enabled: false } },
    { actor: 'usher', after: { id: gone.webhook.id, enabled: false } },
  ]);
});

test('one that is enabled again gets what happens from then on', async () => {
  const { shown } = await webhooks.create(admin, hook({ enabled: false }));
  await made('unseen');
  await tell();
  const { id } = shown.webhook;
  await webhooks.update(admin, update(id, 1, hook({ enabled: true }), ['enabled']));
  await made('seen');
  await tell();
  expect(received.map(({ event }) => event.data)).toMatchObject([
    { accessToken: { name: 'seen' } },
  ]);
});

test('a target that hangs holds up no other, and gets few requests at a time', async () => {
  await webhooks.create(admin, hook({ url: 'https://slow.example.com/' }));
  await webhooks.create(admin, hook({ url: 'https://quick.example.com/' }));
  const hang = Promise.withResolvers<Response>();
  receiver.answer = ({ url }) => (url.includes('slow') ? hang.promise : 204);
  for (let n = 0; n < 10; n++) await made(`t${n}`);
  await teller.look();
  await vi.waitFor(() => {
    expect(received.filter(({ url }) => url.includes('quick'))).toHaveLength(10);
  });
  expect(received.filter(({ url }) => url.includes('slow'))).toHaveLength(4);
  hang.resolve(new Response(null, { status: 204 }));
  await teller.idle();
  expect(received.filter(({ url }) => url.includes('slow'))).toHaveLength(10);
});

test('a webhook that was removed or changed meanwhile is not told at its old address', async () => {
  const { shown } = await webhooks.create(admin, hook());
  receiver.answer = () => 500;
  await made('a');
  await tell();
  const { id } = shown.webhook;
  await webhooks.update(admin, update(id, 1, hook({ url: 'https://new.example.com/' }), ['url']));
  pass(5000);
  await tell();
  expect(received.map(({ url }) => new URL(url).host)).toEqual([
    'hooks.example.com',
    'new.example.com',
  ]);
  await webhooks.remove(admin, id);
  pass(60_000);
  await tell();
  expect(received).toHaveLength(2);
  const left = await office.store.documents({
    ...{ collection: 'deliveries', prefix: prefixOf(id), limit: 10 },
  });
  expect(left).toEqual([]);
});

test('both secrets sign during the grace of a rotation, and the new one alone after it', async () => {
  const { shown, secret: former } = await webhooks.create(admin, hook());
  const { secret } = await webhooks.rotateSecret(admin, shown.webhook.id, 3600);
  vi.setSystemTime(clock.ms);
  await made('a');
  await tell();
  const [first] = received as [Received];
  expect(first.headers['webhook-signature']?.split(' ')).toHaveLength(2);
  verified(former, first);
  verified(secret, first);
  pass(3_600_001);
  vi.setSystemTime(clock.ms);
  await made('b');
  await tell();
  const last = received.at(-1) as Received;
  verified(secret, last);
  expect(() => verified(former, last)).toThrow();
  vi.useRealTimers();
});
