/** `usher webhooks`, run as a process against a real server and a real receiver. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { adminOf } from '../server/api.ts';
import { runServer, type TestServer } from '../server/run-server.ts';
import { until } from '../until.ts';
import { type Receiver, startReceiver, verifiedNow } from '../webhooks/receiver.ts';
import { runUsher } from './run-usher.ts';

let server: TestServer;
let receiver: Receiver;
beforeAll(async () => {
  server = await runServer({ USHER_OUTBOUND_ALLOW: '127.0.0.1' });
  receiver = await startReceiver();
});
afterAll(async () => {
  await server.stop();
  await receiver.stop();
});

const usher = (...args: string[]) =>
  runUsher(['webhooks', ...args], {
    USHER_MANAGER_URL: `http://${server.manager}`,
    USHER_ADMIN_TOKEN: server.adminToken,
  });
const json = async (...args: string[]) => {
  const { out, err, code } = await usher(...args, '--json');
  expect(err).toBe('');
  return { code, ...JSON.parse(out) };
};

test('a webhook is created, tested, told, changed and removed', { timeout: 60_000 }, async () => {
  const url = `${receiver.url}/cli`;
  const made = await usher('create', '--url', url, '--event', 'token.created');
  expect(made).toMatchObject({ code: 0, err: expect.stringContaining('not shown again') });
  const secret = /secret\t(whsec_\S+)/.exec(made.out)?.[1] ?? '';
  const { webhooks } = await json('list');
  expect(webhooks).toMatchObject([{ url, events: ['token.created'], enabled: true }]);
  const { id } = webhooks[0];
  const short = id.slice(0, 12);

  receiver.answers['/cli'] = 500;
  const failed = await usher('test', short);
  expect(failed).toMatchObject({ code: 1, out: expect.stringContaining('answered 500') });
  receiver.answers['/cli'] = 200;
  expect(await usher('test', short)).toMatchObject({ code: 0 });
  expect(verifiedNow(secret, receiver.got.at(-1) ?? expect.unreachable())).toMatchObject({
    type: 'webhook.test',
    data: { actor: { id: 'admin', name: 'admin token' } },
  });

  // Deliveries of one millisecond are listed in any order.
  server.clock.ms += 1000;
  await adminOf(server).create({ name: 'from the cli', kind: Kind.STATIC });
  await until(() => receiver.got.some(({ event }) => event.type === 'token.created'));
  await until(async () => (await json('deliveries', id)).deliveries[0].state === 'delivered');
  const { deliveries } = await json('deliveries', id, '--limit', '3');
  expect(deliveries.map(({ event }: { event: string }) => event)).toContain('token.created');
  const table = await usher('deliveries', id);
  expect(table.out.split('\n')[0]).toBe('DELIVERY\tTIME\tEVENT\tSTATE\tATTEMPTS\tLAST ANSWER');
  const again = await usher('replay', short, deliveries[0].id);
  expect(again).toMatchObject({ code: 0, out: expect.stringContaining('attempts\t2') });

  const changed = await json('update', short, '--event', 'token.revoked', '--owner', 'ann');
  expect(changed).toMatchObject({ events: ['token.revoked'], owners: ['ann'], url });
  expect(await json('update', short, '--all-owners', '--disable')).toMatchObject({
    owners: [],
    enabled: false,
  });
  const rotated = await json('rotate-secret', short, '--grace', '1h');
  expect(rotated.secret).toMatch(/^whsec_/);
  expect(rotated.webhook.formerSecretUntil).toMatch(/Z$/);
  expect((await usher('show', short)).out).toContain('health\tdisabled');
  expect(await usher('remove', short)).toMatchObject({ code: 0, out: `removed ${id}\n` });
  expect(await json('list')).toMatchObject({ webhooks: [] });
});

test.each([
  [['create', '--event', 'token.created'], 2, 'give the address with --url'],
  [['create', '--url', 'https://h.example.com'], 2, 'give at least one --event'],
  [['create', '--url', 'http://h.example.com', '--event', 'token.created'], 2, 'not https'],
  [
    ['create', '--url', 'https://h.example.com', '--event', 'token.deleted'],
    2,
    'no event that can be chosen',
  ],
  [['update', 'abcd'], 2, 'give at least one field to change'],
  [['update', 'abcd', '--owner', 'a', '--all-owners'], 2, 'one of --owner and --all-owners'],
  [['show', 'abcd'], 1, 'no webhook has an id that begins abcd'],
  [['show', '01a21ec8-8924-77ff-87d9-3d909115a56e'], 1, 'there is no webhook with id'],
])('%j is refused with what to do', async (args, code, text) => {
  const ran = await usher(...args);
  expect(ran.err).toContain(text);
  expect(ran.code).toBe(code);
});
