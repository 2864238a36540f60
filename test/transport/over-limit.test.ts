/** A token over its limit, at each door that has a form of its own for "again after so long". */

import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport } from '@connectrpc/connect-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DenialSchema, Reason, VerifierService } from '../../src/gen/usher/v1/verifier_pb.ts';
import { createCallerOf } from '../../src/transport/rpc/caller-of.ts';
import type { Verdict } from '../../src/verify/verdict.ts';
import { defaultLimits } from '../limits.ts';
import { verifierBinding } from './fakes.ts';
import { engines } from './grpc/engines.ts';
import { startHttp } from './http/server.ts';

/** How long the next refusal asks to wait, in milliseconds. */
let retryAfterMs = 0;
const verify = (): Verdict => ({
  ...{ valid: false, reason: 'RATE_LIMITED', retryAfterMs, watchedTtlMs: 0 },
  stale: false,
});

let http: Awaited<ReturnType<typeof startHttp>>;
beforeAll(async () => {
  http = await startHttp({ verifier: { verify } });
});
afterAll(() => http.listener.stop(0));

/** The seconds in a Denial, and the message. */
function denialIn(thrown: unknown) {
  const error = ConnectError.from(thrown);
  const [denial] = error.findDetails(DenialSchema);
  expect(error.code).toBe(Code.ResourceExhausted);
  expect(denial).toMatchObject({ reason: Reason.RATE_LIMITED, httpStatus: 429 });
  return { ms: Number(denial?.retryAfter?.seconds ?? 0) * 1000, text: error.rawMessage };
}

test.each([
  [0, '1'],
  [1, '1'],
  [1000, '1'],
  [1001, '2'],
  [3_600_000, '3600'],
])('GET /: %d ms are %s whole seconds', async (ms, seconds) => {
  retryAfterMs = ms;
  const answer = await fetch(http.url, { headers: { Authorization: 'x' } });
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, seconds]);
  expect(answer.headers.get('www-authenticate')).toBeNull();
  expect(await answer.json()).toEqual({ error: 'token is over its limit' });
});

test.each(engines)('Hello over gRPC ($engine) has the time of each refusal', async engine => {
  const listener = engine.createListener({
    bindings: [verifierBinding({ verify })],
    limits: defaultLimits.grpc,
    onBug: () => expect.unreachable(),
  });
  const { port } = await listener.listen({ host: '127.0.0.1', port: 0 });
  const transport = createGrpcTransport({ baseUrl: `http://127.0.0.1:${port}` });
  const client = createClient(VerifierService, transport);
  for (const ms of [5000, 7000]) {
    retryAfterMs = ms;
    const thrown = await client.hello({}).catch(error => error);
    expect(denialIn(thrown)).toEqual({ ms, text: 'token is over its limit' });
  }
  await listener.stop(0);
});

test('Hello over Connect has it in the detail and as Retry-After', async () => {
  retryAfterMs = 5000;
  const transport = createConnectTransport({ baseUrl: http.url, httpVersion: '1.1' });
  const thrown = await createClient(VerifierService, transport)
    .hello({})
    .catch(error => error);
  expect(denialIn(thrown).ms).toBe(5000);
  const url = `${http.url}/usher.v1.VerifierService/Hello`;
  const headers = { 'Content-Type': 'application/json' };
  const answer = await fetch(url, { method: 'POST', headers, body: '{}' });
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '5']);
});

test('Verify has it in its answer, and is a normal response', async () => {
  retryAfterMs = 1500;
  const transport = createConnectTransport({ baseUrl: http.url, httpVersion: '1.1' });
  const answer = await createClient(VerifierService, transport).verify({ header: 'x' });
  expect(answer).toMatchObject({
    ...{ valid: false, reason: Reason.RATE_LIMITED, httpStatus: 429 },
    retryAfter: { seconds: 1n, nanos: 500_000_000 },
    watchedTtl: { seconds: 0n, nanos: 0 },
    sourceDependent: false,
  });
});

test('an administrative call says when its own token can be used again', async () => {
  const callerOf = createCallerOf(
    async () => ({ reason: 'RATE_LIMITED', retryAfterMs: 9000 }),
    ({ peer }) => peer,
  );
  const signal = new AbortController().signal;
  const door = 'manager' as const;
  const call = { door, header: () => ['x'], peer: '', clientNames: [], signal };
  const thrown = await callerOf(call).catch(error => error);
  expect(thrown).toMatchObject({
    code: 'RESOURCE_EXHAUSTED',
    denial: { retryAfter: { seconds: 9n } },
  });
});
