/** What callers of Verify get on a real server: their owner's tokens, streams that end, and being counted. */

import { Code, type ConnectError, createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Reason, VerifierService } from '../../src/gen/usher/v1/verifier_pb.ts';
import { makeStatic } from '../gateways/tokens.ts';
import { withHeaders } from '../transport/parity/doors.ts';
import { gatewayDoors } from '../transport/parity/gateway-doors.ts';
import { until } from '../until.ts';
import { adminOf, clientOf } from './api.ts';
import { runServer, type TestServer } from './run-server.ts';

let usher: TestServer;
beforeEach(async () => {
  usher = await runServer({ USHER_VERIFY_ACCESS: 'token', USHER_CALLER_NAMES_MAX: '2' });
});
afterEach(() => usher.stop());

const admin = () => adminOf(usher);

/** A caller with a token of the scope usher.verify. */
async function callerOf(name: string, owner = '') {
  const made = await makeStatic(usher, { name, owner, scopes: ['usher.verify'] });
  const headers = [['x-usher-caller', made.token]] as const;
  const interceptors = [withHeaders(headers)];
  const transport = createGrpcTransport({ baseUrl: `http://${usher.grpc}`, interceptors });
  return { ...made, headers, client: createClient(VerifierService, transport) };
}

test('a caller with an owner learns nothing of the tokens of others, at any door', async () => {
  const ann = await callerOf('ann', 'ann');
  const [hers, his] = [
    await makeStatic(usher, { owner: 'ann' }),
    await makeStatic(usher, { owner: 'bob' }),
  ];
  const revoked = await makeStatic(usher, { owner: 'bob' });
  await admin().revoke({ id: revoked.id });
  const unknown = await ann.client.verify({ header: `${his.token.slice(0, -1)}!` });
  expect(unknown.reason).toBe(Reason.INVALID_TOKEN);
  for (const { token } of [his, revoked, await makeStatic(usher)]) {
    expect(await ann.client.verify({ header: token })).toEqual(unknown);
    const { responses } = await ann.client.batchVerify({ requests: [{ header: token }] });
    expect(responses).toEqual([unknown]);
  }
  expect((await ann.client.verify({ header: hers.token })).tokenId).toBe(hers.id);
  for (const door of gatewayDoors(usher, ann.headers)) {
    expect(await door.ask([his.token], '', []), door.name).toBe('INVALID_TOKEN');
    expect(await door.ask([revoked.token], '', []), door.name).toBe('INVALID_TOKEN');
    expect(await door.ask([hers.token], '', []), door.name).toBe('valid');
  }
  // Explanations are for administrators, and go by their own owner.
  expect((await admin().explain({ header: his.token })).valid).toBe(true);
  const used = async (id: string) => {
    const { days } = await admin().getUsage({ id });
    return days.reduce((sum, { count }) => sum + Number(count), 0);
  };
  await until(async () => (await used(hers.id)) > 0);
  expect(await used(his.id)).toBe(0);
});

test('on the port of the API Manager a session or an administrative token is needed', async () => {
  const { token } = await makeStatic(usher, { owner: 'bob' });
  const asked = async (authorization: string) =>
    (await clientOf(VerifierService, usher.manager, authorization).verify({ header: token })).valid;
  expect(await asked(usher.adminToken)).toBe(true);
  const of = (scope: string, owner = '') => makeStatic(usher, { owner, scopes: [scope] });
  expect(await asked((await of('usher.tokens.read')).token)).toBe(true);
  expect(await asked((await of('usher.verify')).token)).toBe(true);
  expect(await asked((await of('usher.admin', 'ann')).token)).toBe(false);
  await expect(asked('')).rejects.toMatchObject({ code: Code.Unauthenticated });
  await expect(asked(token)).rejects.toMatchObject({ code: Code.PermissionDenied });
  const watch = clientOf(VerifierService, usher.manager, token).watchInvalidations({});
  await expect(watch[Symbol.asyncIterator]().next()).rejects.toMatchObject({
    code: Code.PermissionDenied,
  });
});

test('streams of a caller end when its token is revoked', async () => {
  const { id, client } = await callerOf('web');
  const { token } = await makeStatic(usher);
  const watch = client.watchInvalidations({})[Symbol.asyncIterator]();
  expect((await watch.next()).value.event.case).toBe('reset');
  const ended = Promise.withResolvers<void>();
  async function* messages() {
    yield { items: [{ id: 1n, request: { header: token } }] };
    await ended.promise;
  }
  const stream = client.streamVerify(messages())[Symbol.asyncIterator]();
  expect((await stream.next()).value.items[0].outcome.value.valid).toBe(true);
  await admin().revoke({ id });
  const rest = async (messages: AsyncIterator<unknown>): Promise<ConnectError> => {
    try {
      for (let each = await messages.next(); !each.done; each = await messages.next());
      return expect.unreachable('it ended without an error');
    } catch (error) {
      return error as ConnectError;
    }
  };
  for (const each of [watch, stream]) {
    expect(await rest(each)).toMatchObject({
      code: Code.Unauthenticated,
      rawMessage: 'the token in x-usher-caller is refused: token has been revoked',
    });
  }
  ended.resolve();
  await expect(client.verify({ header: token })).rejects.toMatchObject({
    code: Code.Unauthenticated,
  });
});

test("a caller with an owner watches its owner's tokens, and those that were", async () => {
  const { client } = await callerOf('ann', 'ann');
  const hers = await makeStatic(usher, { owner: 'ann' });
  const his = await makeStatic(usher, { owner: 'bob' });
  const watch = client.watchInvalidations({})[Symbol.asyncIterator]();
  const next = async () => {
    for (;;) {
      const { event } = (await watch.next()).value;
      if (event.case === 'changed') return event.value.tokenIds;
      if (event.case !== undefined) return event.case;
    }
  };
  const moved = async (id: string, owner: string) => {
    const { revision = 0n } = (await admin().get({ id })).accessToken ?? {};
    const accessToken = { id, owner, revision };
    await admin().update({ accessToken, updateMask: { paths: ['owner'] } });
  };
  expect(await next()).toBe('reset');
  await admin().revoke({ id: his.id });
  await admin().rotate({ id: hers.id });
  expect(await next()).toEqual([hers.id]);
  await moved(hers.id, 'bob');
  expect(await next()).toBe('reset');
  await moved(hers.id, 'ann');
  expect(await next()).toEqual([hers.id]);
});

test('callers are counted by name within the bound, and those not let in by why', async () => {
  const { token } = await makeStatic(usher);
  for (const name of ['web', 'shop "1"', 'third', 'fourth']) {
    const { client } = await callerOf(name);
    await client.verify({ header: token });
    await client.verify({ header: 'guess' });
  }
  const stranger = clientOf(VerifierService, usher.http, '');
  for (let n = 0; n < 20; n++) {
    await expect(stranger.verify({ header: token })).rejects.toThrow('the caller is not known');
  }
  const text = await (await fetch(`http://${usher.manager}/metrics`)).text();
  expect(text.match(/^usher_verify_callers_total\{.*/gm)).toEqual([
    'usher_verify_callers_total{caller="web",result="valid"} 1',
    'usher_verify_callers_total{caller="web",result="refused"} 1',
    'usher_verify_callers_total{caller="shop \\"1\\"",result="valid"} 1',
    'usher_verify_callers_total{caller="shop \\"1\\"",result="refused"} 1',
    'usher_verify_callers_total{caller="",result="unauthenticated"} 20',
    'usher_verify_callers_total{caller="other",result="valid"} 2',
    'usher_verify_callers_total{caller="other",result="refused"} 2',
  ]);
  const why =
    'VerifierService.verify: the caller is not known: ' +
    'send a static access token with the scope usher.verify in x-usher-caller';
  const told = async () => {
    const { events } = await admin().listAuditEvents({});
    return events.filter(({ action }) => action === 'call.refused');
  };
  await until(async () => (await told()).length > 0);
  expect(await told()).toMatchObject([{ actor: '', peer: '127.0.0.1', detail: why }]);
  const logged = usher.logged.filter(line => line.includes('may not ask for verdicts'));
  expect(logged).toHaveLength(1);
});
