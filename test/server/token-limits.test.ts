/** Limits of access tokens through every door of a real server. */

import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createUsher } from '../../src/client/node.ts';
import { Authorization } from '../../src/gen/envoy/service/auth/v3/external_auth_pb.ts';
import {
  AccessTokenService,
  ExplainResponse_Check,
  Kind,
  LimitPer,
  Period,
} from '../../src/gen/usher/v1/access_token_pb.ts';
import { Reason, VerifierService } from '../../src/gen/usher/v1/verifier_pb.ts';
import { until } from '../until.ts';
import { adminOf, clientOf, overGrpc } from './api.ts';
import { runServer, type TestServer } from './run-server.ts';
import { closing } from './sdk-setup.ts';
import { hello, withQuota, withRate } from './token-limits.ts';

let server: TestServer;
beforeAll(async () => {
  // On the minute, so that the seconds until a request is let through are known.
  server = await runServer({}, { ms: Math.floor(Date.now() / 60_000) * 60_000 });
});
afterAll(() => server.stop());

const verifier = () => overGrpc(VerifierService, server.grpc, '');
const fields = ({ headers }: Response) => ({
  policy: headers.get('ratelimit-policy'),
  limit: headers.get('ratelimit'),
  retry: headers.get('retry-after'),
});
const get = (path: string, token: string, method = 'GET') =>
  fetch(`http://${server.http}${path}`, { method, headers: { authorization: token } });

test('the root path counts each request, and tells what is left', async () => {
  const { token } = await withRate(server, 3, 60);
  const policy = '"rate";q=3;w=60';
  const first = await get('/', token);
  expect(first.status).toBe(200);
  expect(fields(first)).toEqual({ policy, limit: '"rate";r=2;t=63', retry: null });
  expect(fields(await get('/', token, 'HEAD')).limit).toBe('"rate";r=1;t=63');
  expect(fields(await get('/', token)).limit).toBe('"rate";r=0;t=63');
  const refused = await get('/', token);
  expect(refused.status).toBe(429);
  expect(fields(refused)).toEqual({ policy, limit: '"rate";r=0;t=63', retry: '63' });
  expect(await refused.json()).toEqual({ error: 'token is over its limit' });
  server.clock.ms += 63_000;
  expect((await get('/', token)).status).toBe(200);
});

test('a token without limits has none of these fields', async () => {
  const { token } = await adminOf(server).create({ kind: Kind.STATIC, name: 'free' });
  const answer = await get('/', token);
  expect(answer.status).toBe(200);
  expect(fields(answer)).toEqual({ policy: null, limit: null, retry: null });
});

test('each gateway is told in its form', async () => {
  const { token } = await withQuota(server, 4);
  for (const path of ['/forward-auth', '/forward-auth?flavour=nginx', '/ext-authz/a']) {
    const passed = await get(path, token);
    expect(passed.status).toBe(200);
    expect(fields(passed).policy).toMatch(/^"quota";q=4;w=2\d{6}$/);
    expect(fields(passed).limit).toMatch(/^"quota";r=\d;t=\d+$/);
  }
  const envoy = createClient(
    Authorization,
    createGrpcTransport({ baseUrl: `http://${server.grpc}` }),
  );
  const check = () =>
    envoy.check({ attributes: { request: { http: { headers: { authorization: token } } } } });
  const { httpResponse: granted } = await check();
  if (granted.case !== 'okResponse') throw new Error('not granted');
  const added = granted.value.responseHeadersToAdd.map(({ header }) => header?.key);
  expect(added).toEqual(['ratelimit-policy', 'ratelimit']);
  expect((await get('/forward-auth', token)).status).toBe(429);
  expect((await get('/ext-authz/a', token)).status).toBe(429);
  const nginx = await get('/forward-auth?flavour=nginx', token);
  expect([nginx.status, nginx.headers.get('x-usher-status')]).toEqual([403, '429']);
  const { status, httpResponse: denied } = await check();
  expect(status?.code).toBe(Code.ResourceExhausted);
  if (denied.case !== 'deniedResponse') throw new Error('not denied');
  expect(denied.value.status?.code).toBe(429);
  const names = denied.value.headers.map(({ header }) => header?.key);
  expect(names).toEqual(expect.arrayContaining(['retry-after', 'ratelimit', 'ratelimit-policy']));
});

test('each verdict of a batch and of a stream counts', async () => {
  const { token } = await withQuota(server, 5);
  const header = token;
  const request = { header };
  const { responses } = await verifier().batchVerify({ requests: [request, request, request] });
  expect(responses.map(({ valid }) => valid)).toEqual([true, true, true]);
  async function* twice() {
    for (const id of [1n, 2n])
      yield {
        items: [
          { id, request },
          { id: id + 10n, request },
        ],
      };
  }
  const valid: (boolean | undefined)[] = [];
  for await (const { items } of verifier().streamVerify(twice())) {
    for (const { outcome } of items) {
      valid.push(outcome.case === 'response' ? outcome.value.valid : undefined);
    }
  }
  expect(valid.toSorted()).toEqual([false, false, true, true]);
  const refused = await verifier().verify(request);
  expect(refused).toMatchObject({ valid: false, reason: Reason.RATE_LIMITED, httpStatus: 429 });
  expect(refused.retryAfter?.seconds).toBeGreaterThan(0n);
  expect(refused.watchedTtl).toMatchObject({ seconds: 0n, nanos: 0 });
  expect(refused.tokenId).not.toBe('');
});

test('Hello counts over gRPC, Connect and gRPC-Web', async () => {
  const { token } = await withQuota(server, 2);
  await overGrpc(VerifierService, server.grpc, token).hello({});
  await clientOf(VerifierService, server.http, token).hello({});
  const refused = await overGrpc(VerifierService, server.grpc, token)
    .hello({})
    .catch(error => ConnectError.from(error));
  expect(refused).toMatchObject({ code: Code.ResourceExhausted });
  expect(await hello(server, token)).toBe(429);
});

test('a refusal counts nothing: its reason stays what it was', async () => {
  const { token } = await withQuota(server, 1, { scopes: ['a'] });
  const ask = (requiredScopes: string[]) => verifier().verify({ header: token, requiredScopes });
  expect((await ask(['b'])).reason).toBe(Reason.INSUFFICIENT_SCOPE);
  expect((await ask(['a'])).valid).toBe(true);
  expect((await ask(['b'])).reason).toBe(Reason.INSUFFICIENT_SCOPE);
  expect((await ask(['a'])).reason).toBe(Reason.RATE_LIMITED);
});

test('introspection and explanations neither count nor refuse, and explanations say so', async () => {
  const { token } = await withQuota(server, 1);
  const introspect = async () => {
    const answer = await fetch(`http://${server.http}/oauth2/introspect`, {
      method: 'POST',
      headers: { authorization: `Bearer ${server.adminToken}` },
      body: new URLSearchParams({ token }),
    });
    return ((await answer.json()) as { active: boolean }).active;
  };
  const explain = async () => {
    const { steps, reason } = await adminOf(server).explain({ header: token });
    return [reason, steps.find(({ check }) => check === ExplainResponse_Check.LIMITS)?.passed];
  };
  for (let n = 0; n < 3; n++) {
    expect(await introspect()).toBe(true);
    expect(await explain()).toEqual(['', true]);
  }
  expect(await hello(server, token)).toBe(200);
  expect(await hello(server, token)).toBe(429);
  expect(await introspect()).toBe(true);
  expect(await explain()).toEqual(['RATE_LIMITED', false]);
});

test('administrative calls with a limited token count', async () => {
  const { token, id } = await withQuota(server, 2, { scopes: ['usher.tokens.read'] });
  const own = clientOf(AccessTokenService, server.manager, token);
  await own.get({ id });
  await own.get({ id });
  const refused = await own.get({ id }).catch(error => ConnectError.from(error));
  expect(refused).toMatchObject({ code: Code.ResourceExhausted });
  const { accessToken } = await adminOf(server).get({ id });
  expect(accessToken?.quotaUse).toMatchObject({ used: 2n, remaining: 0n, subjects: 0n });
  expect(accessToken?.quotaUse?.resetTime).toBeDefined();
});

test('JWTs are limited by subject', async () => {
  const made = await adminOf(server).create({
    ...{ kind: Kind.JWT, name: 'limited' },
    quota: { requests: 1n, period: Period.DAY, per: LimitPer.SUBJECT },
  });
  const id = made.accessToken?.id ?? '';
  const issuer = overGrpc(VerifierService, server.grpc, `Bearer ${server.adminToken}`);
  const jwtOf = async (subject: string) => {
    const lifetime = { seconds: 600n, nanos: 0 };
    const expiry = { case: 'lifetime', value: lifetime } as const;
    return `Bearer ${(await issuer.issueJwt({ tokenId: id, subject, expiry })).jwt}`;
  };
  expect(await hello(server, await jwtOf('ann'))).toBe(200);
  // Another JWT of the same subject.
  expect(await hello(server, await jwtOf('ann'))).toBe(429);
  expect(await hello(server, await jwtOf('ben'))).toBe(200);
  const { accessToken } = await adminOf(server).get({ id });
  expect(accessToken?.quotaUse).toMatchObject({ used: 1n, remaining: 0n, subjects: 2n });
});

test('the SDK asks for each verdict on a limited token', async () => {
  const { token } = await withQuota(server, 3);
  const usher = closing(createUsher({ addresses: [server.grpc] }));
  await usher.ready();
  for (let n = 0; n < 3; n++) {
    expect(await usher.verify(token)).toMatchObject({ valid: true });
    expect(usher.cached(token)).toBeUndefined();
  }
  for (let n = 0; n < 2; n++) {
    expect(await usher.verify(token)).toMatchObject({ valid: false, reason: 'RATE_LIMITED' });
    expect(usher.cached(token)).toBeUndefined();
  }
});

test('the metrics show the counters, and verdicts by door', async () => {
  const { id, token } = await withQuota(server, 1);
  expect([await hello(server, token), await hello(server, token)]).toEqual([200, 429]);
  const metrics = async () => await (await fetch(`http://${server.manager}/metrics`)).text();
  const valueIn = (text: string, name: string) =>
    Number(
      text
        .split('\n')
        .find(line => line.startsWith(`${name} `))
        ?.split(' ')
        .at(-1),
    );
  const text = await metrics();
  const value = (name: string) => valueIn(text, name);
  expect(value('usher_limit_counters')).toBeGreaterThan(0);
  expect(value('usher_memory_bytes{what="limits"}')).toBeGreaterThan(0);
  expect(value('usher_limits_waiting_seconds')).toBeLessThan(10);
  expect(value('usher_degraded{what="limits"}')).toBe(0);
  const refused = 'usher_verdicts_total{reason="RATE_LIMITED",kind="static",door="root"}';
  expect(value(refused)).toBeGreaterThan(0);
  // Those of a revoked access token are dropped at once.
  const before = value('usher_limit_counters');
  await adminOf(server).revoke({ id });
  await until(async () => valueIn(await metrics(), 'usher_limit_counters') === before - 1);
});

test('to ask for verdicts is no use of the own token of the one who asks', async () => {
  const strict = await runServer({ USHER_VERIFY_ACCESS: 'token' });
  onTestFinished(() => strict.stop());
  const caller = await withQuota(strict, 1, { scopes: ['usher.verify'] });
  const { token } = await adminOf(strict).create({ kind: Kind.STATIC, name: 'asked about' });
  const client = overGrpc(VerifierService, strict.grpc, '');
  const options = { headers: { 'x-usher-caller': caller.token } };
  for (let n = 0; n < 4; n++) {
    expect((await client.verify({ header: token }, options)).valid).toBe(true);
  }
  expect(await hello(strict, caller.token)).toBe(200);
  expect(await hello(strict, caller.token)).toBe(429);
  expect((await client.verify({ header: token }, options)).valid).toBe(true);
});
