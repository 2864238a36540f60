/** The spans of streams, over every protocol that streams. */

import { createClient, type Transport } from '@connectrpc/connect';
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from '@connectrpc/connect-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { VerifierService } from '../../src/gen/usher/v1/verifier_pb.ts';
import { engineEnv } from '../engine.ts';
import { startUsherProcess, type UsherProcess } from '../server/usher-process.ts';
import { until } from '../until.ts';
import { type Receiver, startReceiver } from './receiver.ts';

const parentId = '00f067aa0ba902b7';
const traceOf = (n: number) => `${n}`.padStart(32, '4bf92f3577b34da6a3ce929d0e0e4736');
const metadata = (n: number, flags = '01') => ({
  headers: { traceparent: `00-${traceOf(n)}-${parentId}-${flags}`, 'x-request-id': `stream-${n}` },
});
const secret = 'never-in-a-trace';
let receiver: Receiver;
let usher: UsherProcess;

beforeAll(async () => {
  receiver = await startReceiver();
  usher = await startUsherProcess({
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_TRACES_SAMPLER: 'parentbased_always_off',
    OTEL_BSP_SCHEDULE_DELAY: '50',
    USHER_ACCESS_LOG: 'on',
    USHER_BATCH_MAX: '2',
  });
});
afterAll(async () => {
  await usher?.remove();
  await receiver?.stop();
});

const spansOf = (n: number) => receiver.spans.filter(({ traceId }) => traceId === traceOf(n));
async function spanOf(n: number) {
  await until(() => spansOf(n).length > 0);
  return spansOf(n);
}
const overGrpc = () => createGrpcTransport({ baseUrl: `http://${usher.grpc}` });
// Only the own engine speaks HTTP/2 on this listener, and HTTP/1.1 has no streams of requests.
const httpVersion = engineEnv.USHER_GRPC_ENGINE === 'grpc-js' ? '1.1' : '2';
const overHttp = { httpVersion, useBinaryFormat: true } as const;

/** A message of StreamVerify with so many headers. */
const ask = (count: number) => ({
  items: Array.from({ length: count }, (_, n) => ({
    id: BigInt(n),
    request: { header: `${secret} ${n}` },
  })),
});

const overConnect = () => createConnectTransport({ baseUrl: `http://${usher.http}`, ...overHttp });

test.each<[door: string, n: number, open: () => Transport]>([
  ['grpc', 1, overGrpc],
  ...(httpVersion === '2'
    ? [['connect', 2, overConnect] as [string, number, () => Transport]]
    : []),
])('StreamVerify over %s is one span, however many verdicts it has', async (door, n, open) => {
  const client = createClient(VerifierService, open());
  async function* requests() {
    yield ask(2);
    yield ask(1);
  }
  const verdicts: number[] = [];
  for await (const { items } of client.streamVerify(requests(), metadata(n))) {
    verdicts.push(items.length);
  }
  expect(verdicts).toEqual([2, 1]);
  expect(await spanOf(n)).toEqual([
    expect.objectContaining({
      ...{ name: 'usher.v1.VerifierService/StreamVerify', parentId, kind: 2, status: 0 },
      attributes: { 'rpc.method': 'usher.v1.VerifierService/StreamVerify', 'usher.door': door },
    }),
  ]);
});

test.each([
  ['grpc', 11, overGrpc],
  ['connect', 12, overConnect],
  ['grpc-web', 13, () => createGrpcWebTransport({ baseUrl: `http://${usher.http}`, ...overHttp })],
] as const)('the span of a watch over %s ends when its caller leaves', async (door, n, open) => {
  const client = createClient(VerifierService, open() as Transport);
  const gone = new AbortController();
  const watch = client.watchInvalidations({}, { ...metadata(n), signal: gone.signal });
  const first = await watch[Symbol.asyncIterator]().next();
  expect(first.done).toBe(false);
  expect(spansOf(n)).toEqual([]);
  gone.abort();
  const [span] = await spanOf(n);
  expect(span).toMatchObject({ name: 'usher.v1.VerifierService/WatchInvalidations', parentId });
  expect(span).toMatchObject({ status: 0, attributes: { 'usher.door': door } });
});

test('a stream that fails is an error, without its text', async () => {
  const client = createClient(VerifierService, overGrpc());
  async function* requests() {
    yield ask(3);
  }
  const work = Array.fromAsync(client.streamVerify(requests(), metadata(21)));
  await expect(work).rejects.toThrow(/invalid_argument/);
  const [span] = await spanOf(21);
  expect(span).toMatchObject({ status: 2, attributes: { 'error.type': 'TokenError' } });
});

test('its line of the access log has the ids of its span', async () => {
  const line = () => usher.log.find(({ requestId }) => requestId === 'stream-1');
  await until(() => line() !== undefined);
  const [span] = await spanOf(1);
  expect(line()).toMatchObject({ trace_id: traceOf(1), span_id: span?.spanId });
});

test('one that is not sampled has no span, and no header is in what was sent', async () => {
  const client = createClient(VerifierService, overGrpc());
  async function* requests() {
    yield ask(1);
  }
  await Array.fromAsync(client.streamVerify(requests(), metadata(51, '00')));
  // The next one is sent after it.
  await Array.fromAsync(client.streamVerify(requests(), metadata(52)));
  await spanOf(52);
  expect(spansOf(51)).toEqual([]);
  expect(receiver.text()).not.toContain(secret);
});
