import { beforeEach, expect, test } from 'vitest';
import { createMasterKeys } from '../../src/verify/master-keys.ts';
import { deliveryPages } from '../../src/webhooks/delivery.ts';
import { webhookOf } from '../../src/webhooks/webhook.ts';
import { admin, fields } from '../tokens/setup.ts';
import { hook, openWebhooks } from './setup.ts';

const office = openWebhooks({ waitingMax: 3, pageSize: 2 });
const { tokens, webhooks, received, receiver, pass, clock, openTeller, store, limits } = office;
const dayMs = 86_400_000;

beforeEach(async () => {
  for (const { webhook } of await webhooks.list(admin)) await webhooks.remove(admin, webhook.id);
  // What another test left: its lease is over.
  pass(limits.leaseMs);
  received.length = 0;
  receiver.answer = () => 204;
});

const made = async (name: string, expiresAt?: number) =>
  (await tokens.create(admin, 'static', fields({ name, expiresAt }))).record;
const names = () =>
  received.map(({ event }) => (event.data.accessToken as { name: string }).name).sort();
const tell = async (teller: ReturnType<typeof openTeller>) => {
  teller.changed();
  await teller.look();
  await teller.idle();
};
/** A teller that has the lease, after those of other tests. */
const leading = async () => {
  const teller = openTeller();
  await tell(teller);
  pass(limits.leaseMs);
  await tell(teller);
  return teller;
};

test('one replica tells, and another takes over when it dies, without a loss', async () => {
  await webhooks.create(admin, hook());
  const [first, second] = [await leading(), openTeller()];
  await made('a');
  await tell(first);
  await tell(second);
  expect(names()).toEqual(['a']);
  receiver.answer = () => 500;
  await made('b');
  await tell(first);
  // The first one is gone now, with what it had not saved.
  await made('c');
  receiver.answer = () => 204;
  received.length = 0;
  pass(limits.leaseMs - 1);
  await tell(second);
  expect(names()).toEqual([]);
  pass(limits.leaseMs);
  await tell(second);
  expect(names()).toEqual(['b', 'c']);
  await tell(first);
  await made('d');
  await tell(first);
  expect(names()).toEqual(['b', 'c']);
  await tell(second);
  expect(names()).toEqual(['b', 'c', 'd']);
  expect(office.failures).toEqual([]);
});

test('one that stops lets another go on at once', async () => {
  await webhooks.create(admin, hook());
  const [first, second] = [await leading(), openTeller()];
  await made('a');
  await tell(first);
  await first.close();
  await made('b');
  await tell(second);
  expect(names()).toEqual(['a', 'b']);
});

test('while too many wait, the rest stays in the log, for this webhook alone', async () => {
  await webhooks.create(admin, hook({ url: 'https://down.example.com/' }));
  await webhooks.create(admin, hook({ url: 'https://good.example.com/' }));
  const teller = await leading();
  const isDown = { now: true };
  receiver.answer = ({ url }) => (url.includes('down') && isDown.now ? 500 : 204);
  for (let n = 0; n < 9; n++) await made(`t${n}`);
  await tell(teller);
  await tell(teller);
  const to = (host: string) => received.filter(({ url }) => url.includes(host));
  expect(to('good')).toHaveLength(9);
  expect(to('down')).toHaveLength(3);
  const shown = await webhooks.list(admin);
  expect(shown.map(({ waiting }) => waiting)).toEqual([3, 0]);
  isDown.now = false;
  received.length = 0;
  for (let round = 0; round < 5; round++) {
    pass(6000);
    await tell(teller);
  }
  expect(to('good')).toHaveLength(0);
  expect(new Set(to('down').map(({ headers }) => headers['webhook-id']))).toHaveLength(9);
});

test('a log that lost its end is told from before that, and nothing twice', async () => {
  const { shown } = await webhooks.create(admin, hook());
  const teller = await leading();
  await made('a');
  await tell(teller);
  await teller.close();
  const lease = (await store.document('deliveries', 'lease')) ?? expect.unreachable();
  const { progresses } = lease.body as { progresses: Record<string, object> };
  const lost = { sequence: 1_000_000, hash: '1'.repeat(64) };
  const { id } = shown.webhook;
  await store.changeDocument({
    ...{ collection: 'deliveries', id: 'lease', before: lease.revision },
    body: { holder: '', progresses: { [id]: { ...progresses[id], log: lost } } },
  });
  await made('b');
  const next = openTeller();
  // Few entries are read in a look, and those of other tests come first.
  for (let look = 0; look < 20; look++) await tell(next);
  expect(names()).toEqual(['a', 'b']);
});

test('after a restore, which has webhooks and no progress, nothing old is told', async () => {
  const { shown } = await webhooks.create(admin, hook());
  await made('old');
  pass(2 * 3_600_000);
  await made('recent');
  const lease = await store.document('deliveries', 'lease');
  if (lease !== undefined) {
    const { revision: before } = lease;
    await store.changeDocument({ collection: 'deliveries', id: 'lease', before });
  }
  const teller = openTeller();
  for (let look = 0; look < 40; look++) {
    await tell(teller);
    pass(3000);
  }
  expect(names()).toEqual(['recent']);
  expect(await webhooks.get(admin, shown.webhook.id)).toMatchObject({ waiting: 0 });
  await teller.close();
});

test('token.expiring comes once for each number of days, also after a restart', async () => {
  const old = await made('old', clock.ms + 3 * dayMs + 60_000);
  await made('new', clock.ms + 20 * dayMs);
  const revoked = await made('revoked', clock.ms + 3 * dayMs + 60_000);
  await tokens.revoke(admin, revoked.id, '');
  pass(2 * 3_600_000);
  await webhooks.create(admin, hook({ events: ['token.expiring'] }));
  let teller = await leading();
  const days = () =>
    received.map(({ event }) => {
      const { accessToken, daysLeft } = event.data as {
        accessToken: { name: string };
        daysLeft: number;
      };
      return `${accessToken.name} ${daysLeft}`;
    });
  // The old one had less than three days left when the webhook was created.
  expect(days()).toEqual([]);
  for (let hours = 0; hours < 24 * 21; hours += 6) {
    pass(6 * 3_600_000);
    await tell(teller);
    if (hours % 48 === 0) {
      await teller.close();
      teller = openTeller();
    }
  }
  expect(days()).toEqual(['old 1', 'new 14', 'new 3', 'new 1']);
  expect(received[0]?.event.timestamp).toBe(new Date((old.expiresAt ?? 0) - dayMs).toISOString());
});

test('many that expire at the same time are all told, although few may wait', async () => {
  const at = clock.ms + 5 * dayMs;
  for (let n = 0; n < 8; n++) await made(`same ${n}`, at);
  await webhooks.create(admin, hook({ events: ['token.expiring'], expiringDays: [2] }));
  const teller = await leading();
  receiver.answer = () => 500;
  pass(3 * dayMs + 1000);
  await tell(teller);
  expect(new Set(names())).toHaveLength(3);
  receiver.answer = () => 204;
  for (let round = 0; round < 5; round++) {
    pass(limits.expiryMs);
    await tell(teller);
  }
  expect(new Set(names())).toHaveLength(8);
});

test('a new master key seals addresses and secrets again', async () => {
  const { shown, secret } = await webhooks.create(admin, hook());
  const key = (id: string, fill: number) => ({ id, bytes: new Uint8Array(32).fill(fill) });
  const keys = createMasterKeys([key('k2', 2), key('k1', 1)]);
  const teller = openTeller({ keys });
  await tell(teller);
  pass(limits.leaseMs);
  await tell(teller);
  const found = await store.document('webhooks', shown.webhook.id);
  expect(JSON.stringify(found)).not.toContain(secret);
  expect(JSON.stringify(found)).not.toContain('hidden');
  const { url, secrets } = webhookOf(found ?? expect.unreachable());
  expect([url, ...secrets].map(({ masterKeyId }) => masterKeyId)).toEqual(['k2', 'k2']);
  await made('a');
  await tell(teller);
  expect(names()).toEqual(['a']);
  expect(received[0]?.url).toBe(hook().url);
});

test('old deliveries are removed beyond the last ones', async () => {
  const { shown } = await webhooks.create(admin, hook());
  const teller = openTeller({ limits: { ...limits, historyMax: 4, waitingMax: 100 } });
  await tell(teller);
  pass(limits.leaseMs);
  for (let n = 0; n < 9; n++) await made(`t${n}`);
  await tell(teller);
  pass(limits.pruneMs + 1);
  await tell(teller);
  const kept: string[] = [];
  for await (const page of deliveryPages(store, shown.webhook.id, 3)) {
    kept.push(...page.map(({ payload }) => JSON.parse(payload).data.accessToken.name));
  }
  expect(kept).toHaveLength(4);
});
