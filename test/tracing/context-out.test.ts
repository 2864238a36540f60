/** The trace of a call goes on: to whom Usher itself calls, into the log, and from the SDK to Usher. */

import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createUsher } from '../../src/client/node.ts';
import { Authorization } from '../../src/gen/envoy/service/auth/v3/external_auth_pb.ts';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { WebhookService } from '../../src/gen/usher/v1/webhooks_pb.ts';
import { adminOf, clientOf } from '../server/api.ts';
import { startUsherProcess, type UsherProcess } from '../server/usher-process.ts';
import { until } from '../until.ts';
import { startReceiver as startTarget, type Receiver as Target } from '../webhooks/receiver.ts';
import { type ReceivedSpan, type Receiver, startReceiver } from './receiver.ts';

const parentId = '00f067aa0ba902b7';
const traceOf = (n: number) => `${n}`.padStart(32, '4bf92f3577b34da6a3ce929d0e0e4736');
const headerOf = (n: number, flags = '01') => `00-${traceOf(n)}-${parentId}-${flags}`;
const server = 2;
const client = 3;
let receiver: Receiver;
let target: Target;
let usher: UsherProcess;
let token: string;
let hook: string;

beforeAll(async () => {
  receiver = await startReceiver();
  target = await startTarget();
  usher = await startUsherProcess({
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_BSP_SCHEDULE_DELAY: '50',
    USHER_OUTBOUND_ALLOW: '127.0.0.1',
    USHER_GUESSES_PER_MINUTE_MAX: '1',
    USHER_ACCESS_LOG: 'on',
  });
  token = (await adminOf(usher).create({ kind: Kind.STATIC, name: 'a' })).token;
  const url = `${target.url}/hook-with-a-secret`;
  const made = await webhooks().createWebhook({ webhook: { url, events: ['token.created'], enabled: true } });
  hook = made.webhook?.id ?? '';
});
afterAll(async () => {
  await usher?.remove();
  await receiver?.stop();
  await target?.stop();
});

const webhooks = () => clientOf(WebhookService, usher.manager, usher.adminToken);

/** Waits for a span of a trace, by its kind. */
async function spanOf(trace: string, kind: number): Promise<ReceivedSpan> {
  const find = () => receiver.spans.find(each => each.traceId === trace && each.kind === kind);
  await until(() => find() !== undefined);
  return find() as ReceivedSpan;
}

test('a request that a call makes is a span in it, which the other side can continue', async () => {
  await webhooks().testWebhook({ id: hook }, { headers: { traceparent: headerOf(1) } });
  const sent = target.got.at(-1)?.headers.traceparent;
  const [, trace, span] = sent?.split('-') ?? [];
  expect(trace).toBe(traceOf(1));
  const out = await spanOf(traceOf(1), client);
  expect(out).toMatchObject({ name: 'POST', spanId: span, status: 0 });
  expect(out.attributes).toEqual({
    ...{ 'http.request.method': 'POST', 'server.address': '127.0.0.1' },
    ...{ 'server.port': new URL(target.url).port, 'http.response.status_code': '204' },
  });
  const call = await spanOf(traceOf(1), server);
  expect(out.parentId).toBe(call.spanId);
  expect(call.parentId).toBe(parentId);
});

test('a delivery that no call waits for has a trace of its own', async () => {
  await adminOf(usher).create({ kind: Kind.STATIC, name: 'b' });
  const find = () => target.got.find(({ event }) => event.type === 'token.created');
  await until(() => find() !== undefined);
  const [version, trace = '', span, flags] = find()?.headers.traceparent?.split('-') ?? [];
  expect([version, flags]).toEqual(['00', '01']);
  expect(await spanOf(trace, client)).toMatchObject({ spanId: span });
});

test('neither path nor token is in what was sent', () => {
  expect(receiver.text()).not.toContain('hook-with-a-secret');
  expect(receiver.text()).not.toContain(token);
});

test('a line of the log has the ids of its call', async () => {
  const headers = {
    ...{ traceparent: headerOf(2), 'x-request-id': 'guess', authorization: 'Bearer x' },
    'content-type': 'application/json',
  };
  const url = `http://${usher.manager}/usher.v1.AccessTokenService/List`;
  await until(async () => {
    await fetch(url, { method: 'POST', headers, body: '{}' });
    return usher.log.some(({ level, requestId }) => level === 'warn' && requestId === 'guess');
  });
  const warning = usher.log.find(({ level, requestId }) => level === 'warn' && requestId);
  expect(warning).toMatchObject({ trace_id: traceOf(2), span_id: expect.any(String) });
  const call = usher.log.find(each => each.message === 'call' && each.requestId === 'guess');
  expect(call).toMatchObject({ trace_id: traceOf(2), span_id: expect.any(String) });
});

test('over gRPC too', async () => {
  const transport = createGrpcTransport({ baseUrl: `http://${usher.grpc}` });
  const headers = { traceparent: headerOf(3), 'x-request-id': 'grpc' };
  await createClient(Authorization, transport).check({}, { headers });
  const find = () => usher.log.find(({ requestId }) => requestId === 'grpc');
  await until(() => find() !== undefined);
  expect(find()).toMatchObject({ trace_id: traceOf(3), path: expect.stringContaining('Check') });
});

test('Envoy: the trace is that of the request that it asks about, unless its call has its own', async () => {
  const transport = createGrpcTransport({ baseUrl: `http://${usher.grpc}` });
  const envoy = createClient(Authorization, transport);
  const about = (n: number) => ({
    attributes: { request: { http: { headers: { traceparent: headerOf(n) } } } },
  });
  await envoy.check(about(4));
  expect(await spanOf(traceOf(4), server)).toMatchObject({ parentId });
  await envoy.check(about(5), { headers: { traceparent: headerOf(6) } });
  await spanOf(traceOf(6), server);
  expect(receiver.spans.some(({ traceId }) => traceId === traceOf(5))).toBe(false);
});

test.each([
  ['grpc', 10],
  ['connect', 20],
] as const)('the SDK over %s passes the trace of a verification on', async (transport, from) => {
  const address = transport === 'grpc' ? usher.grpc : usher.http;
  const sdk = createUsher({ addresses: [address], transport });
  try {
    const others = Array.from({ length: 5 }, (_, n) => sdk.verify(`other ${from} ${n}`));
    const tracestate = 'vendor=1';
    const trace = { traceparent: headerOf(from), tracestate };
    const [verdict] = await Promise.all([sdk.verify(`Bearer ${token}`, { trace }), ...others]);
    expect(verdict).toMatchObject({ valid: true });
    const span = await spanOf(traceOf(from), server);
    expect(span).toMatchObject({ name: 'usher.v1.VerifierService/BatchVerify', parentId });
    // One that is not sampled goes with the others.
    const dropped = { traceparent: headerOf(from + 1, '00') };
    await sdk.verify(`again ${from}`, { trace: dropped });
    expect(receiver.spans.some(({ traceId }) => traceId === traceOf(from + 1))).toBe(false);
  } finally {
    sdk.close();
  }
});
