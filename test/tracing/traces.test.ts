/** Traces of a real server, over OTLP to a receiver of the test's own. */

import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { VerifierService } from '../../src/gen/usher/v1/verifier_pb.ts';
import { runUsher } from '../cli/run-usher.ts';
import { adminOf } from '../server/api.ts';
import { startUsherProcess, type UsherProcess } from '../server/usher-process.ts';
import { until } from '../until.ts';
import { type ReceivedSpan, type Receiver, startReceiver } from './receiver.ts';

const [trace, span] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7'];
const traceparent = `00-${trace}-${span}-01`;
const subject = 'someone-in-a-claim';
let receiver: Receiver;
let usher: UsherProcess;
let token: string;
let id: string;

beforeAll(async () => {
  receiver = await startReceiver();
  usher = await startUsherProcess({
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_TRACES_SAMPLER: 'parentbased_always_off',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    OTEL_BSP_SCHEDULE_DELAY: '50',
  });
  const made = await adminOf(usher).create({ kind: Kind.STATIC, name: subject });
  token = made.token;
  id = made.accessToken?.id ?? '';
});
afterAll(async () => {
  await usher?.remove();
  await receiver?.stop();
});

/** Waits for the span of a call, with the steps in it. */
async function spansOf(name: string): Promise<{ call: ReceivedSpan; steps: ReceivedSpan[] }> {
  const find = () => receiver.spans.find(each => each.name === name);
  await until(() => find() !== undefined);
  const call = find() as ReceivedSpan;
  const steps = receiver.spans.filter(({ parentId }) => parentId === call.spanId);
  return { call, steps };
}

test('a call over gRPC continues the trace of its caller', async () => {
  const transport = createGrpcTransport({ baseUrl: `http://${usher.grpc}` });
  const client = createClient(VerifierService, transport);
  const { valid } = await client.verify({ header: token }, { headers: { traceparent } });
  expect(valid).toBe(true);
  const { call, steps } = await spansOf('usher.v1.VerifierService/Verify');
  expect(call).toMatchObject({ traceId: trace, parentId: span, kind: 2, status: 0 });
  expect(call.attributes).toMatchObject({ 'usher.door': 'grpc' });
  expect(call.resource).toMatchObject({
    ...{ 'service.name': 'usher', 'deployment.environment.name': 'test' },
  });
  expect(steps).toEqual([expect.objectContaining({ name: 'verify', traceId: trace, kind: 1 })]);
  expect(steps[0]?.attributes).toEqual({ 'usher.reason': 'NONE', 'usher.kind': 'static' });
  const below = receiver.spans.filter(({ parentId }) => parentId === steps[0]?.spanId);
  expect(below.map(({ name }) => name)).toContain('store find');
});

test('so do a request by HTTP, a gateway, Connect and the API Manager', async () => {
  const headers = { authorization: token, traceparent, 'content-type': 'application/json' };
  await fetch(`http://${usher.http}/`, { headers });
  await fetch(`http://${usher.http}/forward-auth`, { headers: { traceparent } });
  const rpc = { method: 'POST', body: JSON.stringify({ id }) };
  await fetch(`http://${usher.manager}/usher.v1.AccessTokenService/Get`, {
    ...rpc,
    headers: { ...headers, authorization: usher.adminToken },
  });
  expect((await spansOf('GET /')).call.attributes).toEqual({
    ...{ 'http.request.method': 'GET', 'http.route': '/', 'usher.door': 'root' },
  });
  const { steps } = await spansOf('GET /forward-auth');
  expect(steps[0]?.attributes).toMatchObject({ 'usher.reason': 'MISSING_CREDENTIALS' });
  const { call, steps: reads } = await spansOf('usher.v1.AccessTokenService/Get');
  expect(call).toMatchObject({ traceId: trace, parentId: span });
  expect(reads.map(({ name }) => name)).toContain('store get');
});

test('a call that fails is an error, without its text', async () => {
  await fetch(`http://${usher.manager}/usher.v1.AccessTokenService/List`, {
    method: 'POST',
    headers: { traceparent, 'content-type': 'application/json', authorization: 'Bearer nothing' },
    body: '{}',
  });
  const { call } = await spansOf('usher.v1.AccessTokenService/List');
  expect(call.status).toBe(2);
  expect(call.attributes['error.type']).toBeDefined();
});

test('without a parent that is sampled, nothing is sent', async () => {
  const before = receiver.spans.length;
  await fetch(`http://${usher.http}/`, { headers: { authorization: token } });
  const dropped = { authorization: token, traceparent: traceparent.replace(/01$/, '00') };
  await fetch(`http://${usher.http}/`, { headers: dropped });
  // The next one is sent after them.
  await fetch(`http://${usher.http}/ext-authz/a?b=c`, { headers: { traceparent } });
  await spansOf('GET /ext-authz/');
  const since = receiver.spans.slice(before).filter(({ kind }) => kind === 2);
  expect(since.map(({ name }) => name)).toEqual(['GET /ext-authz/']);
});

test('no token, name, path or admin token is in what was sent', () => {
  const text = receiver.text();
  expect(text.length).toBeGreaterThan(1000);
  for (const secret of [token, token.slice(4, 30), usher.adminToken, subject, id, 'a?b=c']) {
    expect(text).not.toContain(secret);
  }
});

test('spans that are waiting are sent at the stop, and it takes no longer for a receiver that is gone', async () => {
  const own = await startReceiver();
  const other = await startUsherProcess({
    OTEL_EXPORTER_OTLP_ENDPOINT: own.url,
    OTEL_BSP_SCHEDULE_DELAY: '60000',
    USHER_MASTER_KEYS: undefined,
    USHER_ADMIN_TOKEN: undefined,
  });
  try {
    await fetch(`http://${other.http}/`);
    expect(await other.stop()).toBe(0);
    expect(own.spans.map(({ name }) => name)).toContain('GET /');
  } finally {
    await other.remove();
    await own.stop();
  }
});

test('a receiver that is gone is logged once, and calls go on', async () => {
  const own = await startReceiver();
  await own.stop();
  const other = await startUsherProcess({
    OTEL_EXPORTER_OTLP_ENDPOINT: own.url,
    OTEL_BSP_SCHEDULE_DELAY: '50',
  });
  try {
    await fetch(`http://${other.http}/`);
    await other.logged('traces are not sent; calls go on without them');
    expect((await fetch(`http://${other.http}/`)).status).toBe(401);
  } finally {
    await other.remove();
  }
});

test.each([
  [{ OTEL_TRACES_EXPORTER: 'zipkin' }, 'OTEL_TRACES_EXPORTER is zipkin; use otlp or none'],
  [
    { OTEL_TRACES_EXPORTER: 'otlp', OTEL_TRACES_SAMPLER: 'x' },
    'OTEL_TRACES_SAMPLER is x; use one of',
  ],
  [
    { OTEL_TRACES_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
    'OTEL_EXPORTER_OTLP_PROTOCOL is grpc; use http/protobuf',
  ],
  [
    { OTEL_TRACES_EXPORTER: 'otlp', OTEL_BSP_SCHEDULE_DELAY: '5s' },
    'OTEL_BSP_SCHEDULE_DELAY is 5s; use a whole number from 1',
  ],
])('%j ends the start', async (env, text) => {
  const ran = await runUsher(['serve'], { USHER_STORE: 'lmdb:/nowhere', ...env });
  expect(ran.code).toBe(78);
  expect(ran.err).toContain(text);
});
