/** Webhooks and notices of a whole server, with a real receiver. */

import { Code, ConnectError } from '@connectrpc/connect';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { Notice_Kind, NoticeService } from '../../src/gen/usher/v1/notices_pb.ts';
import { VerifierService } from '../../src/gen/usher/v1/verifier_pb.ts';
import { Delivery_State, WebhookService } from '../../src/gen/usher/v1/webhooks_pb.ts';
import { until } from '../until.ts';
import { type Receiver, startReceiver, verifiedNow } from '../webhooks/receiver.ts';
import { adminOf, clientOf } from './api.ts';
import { runServer, type TestServer } from './run-server.ts';

let server: TestServer;
let receiver: Receiver;
beforeAll(async () => {
  server = await runServer({
    USHER_OUTBOUND_ALLOW: '127.0.0.1',
    USHER_WEBHOOK_TIMEOUT_MS: '500',
  });
  receiver = await startReceiver();
});
afterAll(async () => {
  await server.stop();
  await receiver.stop();
});

const hooks = (token = server.adminToken) => clientOf(WebhookService, server.manager, token);
const events = ['token.created', 'token.revoked', 'limit.reached'];
const create = async (path: string) => {
  const webhook = { url: receiver.url + path, events, enabled: true };
  const { webhook: made, secret } = await hooks().createWebhook({ webhook });
  return { id: made?.id ?? '', secret };
};
const gotAt = (path: string) => receiver.got.filter(each => each.path === path);
const token = async (name: string, more = {}) =>
  await adminOf(server).create({ name, kind: Kind.STATIC, ...more });

test('what happens arrives signed, once', async () => {
  const { id, secret } = await create('/good');
  const { accessToken } = await token('payments');
  await adminOf(server).revoke({ id: accessToken?.id ?? '', reason: 'lost' });
  await until(() => gotAt('/good').length === 2);
  for (const got of gotAt('/good')) expect(verifiedNow(secret, got)).toEqual(got.event);
  const [first] = gotAt('/good');
  expect(first?.headers['user-agent']).toMatch(/^Usher\//);
  // An answer is written down after the receiver has given it.
  await until(async () => (await hooks().getWebhook({ id })).webhook?.waiting === 0);
  const { webhook } = await hooks().getWebhook({ id });
  expect(webhook).toMatchObject({ url: `${receiver.url}/good`, waiting: 0, enabled: true });
  expect(webhook?.lastDelivery).toMatchObject({ state: Delivery_State.DELIVERED });
  await hooks().removeWebhook({ id });
});

test('a target that hangs, redirects, fails or is gone is told apart, and holds up no other', async () => {
  receiver.answers['/hang'] = () => undefined;
  receiver.answers['/moved'] = res => res.writeHead(307, { location: '/elsewhere' }).end();
  receiver.answers['/broken'] = 500;
  receiver.answers['/gone'] = 410;
  const paths = ['/hang', '/moved', '/broken', '/gone', '/fine'];
  const made = Object.fromEntries(
    await Promise.all(paths.map(async path => [path, (await create(path)).id] as const)),
  );
  for (let n = 0; n < 6; n++) await token(`t${n}`);
  await until(() => gotAt('/fine').length === 6);
  const attemptOf = async (path: string) => {
    const { deliveries } = await hooks().listDeliveries({ webhookId: made[path] ?? '' });
    return deliveries.find(({ attempts }) => attempts.length > 0)?.attempts[0];
  };
  await until(async () => (await attemptOf('/hang')) !== undefined);
  expect(await attemptOf('/hang')).toMatchObject({
    status: 0,
    error: expect.stringMatching(/did not answer within 500 ms/),
  });
  expect(await attemptOf('/moved')).toMatchObject({
    status: 307,
    error: expect.stringMatching(/redirect, which is not followed/),
  });
  expect(await attemptOf('/broken')).toMatchObject({ status: 500, answer: 'answer 500' });
  expect(gotAt('/elsewhere')).toEqual([]);
  await until(async () => {
    const { webhook } = await hooks().getWebhook({ id: made['/gone'] ?? '' });
    return webhook?.enabled === false && webhook.disabledReason.includes('410');
  });
  for (const id of Object.values(made)) await hooks().removeWebhook({ id });
});

test('limit.reached comes once, and the bell shows it', async () => {
  const { id } = await create('/limits');
  const { accessToken, token: secret } = await token('busy', {
    rateLimit: { requests: 1n, window: { seconds: 3600n } },
  });
  const verifier = clientOf(VerifierService, server.http, '');
  for (let n = 0; n < 4; n++) await verifier.verify({ header: `Bearer ${secret}` });
  const reached = () => gotAt('/limits').filter(({ event }) => event.type === 'limit.reached');
  await until(() => reached().length > 0);
  expect(reached()).toHaveLength(1);
  expect(reached()[0]?.event.data).toMatchObject({
    accessToken: { name: 'busy' },
    detail: 'rate limit: 1 requests in 3600 s',
  });
  expect(JSON.stringify(receiver.got)).not.toContain(secret);
  const { notices } = await clientOf(NoticeService, server.manager, server.adminToken).listNotices(
    {},
  );
  expect(notices).toMatchObject([
    {
      kind: Notice_Kind.LIMIT_REACHED,
      text: 'Calls with busy were refused because of its limits.',
      path: `/tokens/${accessToken?.id}`,
    },
  ]);
  await hooks().removeWebhook({ id });
});

test('a test and a replay answer with what the target said', async () => {
  receiver.answers['/try'] = 503;
  const { id } = await create('/try');
  const { delivery } = await hooks().testWebhook({ id });
  expect(delivery).toMatchObject({ event: 'webhook.test', state: Delivery_State.FAILED });
  expect(delivery?.attempts).toMatchObject([{ status: 503, answer: 'answer 503' }]);
  receiver.answers['/try'] = 202;
  const again = await hooks().replayDelivery({ webhookId: id, deliveryId: delivery?.id ?? '' });
  expect(again.delivery).toMatchObject({ state: Delivery_State.DELIVERED, attemptsTotal: 2 });
  await hooks().removeWebhook({ id });
});

test('addresses that are not public are refused unless they are allowed', async () => {
  const strict = await runServer();
  try {
    const client = clientOf(WebhookService, strict.manager, strict.adminToken);
    const refusalOf = async (url: string) => {
      const webhook = { url, events, enabled: true };
      const error = ConnectError.from(await client.createWebhook({ webhook }).catch(e => e));
      expect(error.code).toBe(Code.InvalidArgument);
      return error.rawMessage;
    };
    expect(await refusalOf('https://127.0.0.1/x')).toMatch(/not public \(loopback\)/);
    expect(await refusalOf('https://169.254.169.254/')).toMatch(/not public/);
    expect(await refusalOf('http://hooks.example.com/')).toMatch(/not https/);
    expect(await refusalOf('https://me:pw@hooks.example.com/')).toMatch(/user or password/);
    // A name is looked up with each attempt.
    const webhook = { url: 'https://localhost:9/', events, enabled: true };
    const made = await client.createWebhook({ webhook });
    const { delivery } = await client.testWebhook({ id: made.webhook?.id ?? '' });
    expect(delivery?.attempts[0]?.error).toMatch(
      /localhost leads to an address that is not public/,
    );
  } finally {
    await strict.stop();
  }
});

test('the log of the server holds no address, secret or payload of a webhook', async () => {
  receiver.answers['/hidden-path'] = 410;
  const { id, secret } = await create('/hidden-path');
  await token('named-in-payload');
  await until(() => server.logged.some(line => line.includes('a webhook was disabled')));
  const text = server.logged.join('');
  for (const hidden of ['hidden-path', secret, 'named-in-payload']) {
    expect(text).not.toContain(hidden);
  }
  await hooks().removeWebhook({ id });
});
