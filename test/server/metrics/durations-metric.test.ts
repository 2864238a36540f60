/** Durations of calls, in both forms of Prometheus' histograms. */

import { sizeDelimitedDecodeStream } from '@bufbuild/protobuf/wire';
import { expect, test } from 'vitest';
import {
  type MetricFamily,
  MetricFamilySchema,
} from '../../../src/gen/io/prometheus/client/metrics_pb.ts';
import { createMetrics, type Metrics } from '../../../src/server/metrics/metrics.ts';
import { timed } from '../../../src/transport/rpc/observed.ts';

const protobuf =
  'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,text/plain;q=0.5';

const textOf = async (metrics: Metrics) => String((await metrics.answer('text/plain')).body);

async function familiesOf(metrics: Metrics): Promise<Map<string, MetricFamily>> {
  const { type, body } = await metrics.answer(protobuf);
  expect(type).toBe(
    'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited',
  );
  const chunks = (async function* () {
    yield body as Buffer;
  })();
  const families = new Map<string, MetricFamily>();
  for await (const family of sizeDelimitedDecodeStream(MetricFamilySchema, chunks)) {
    families.set(family.name, family);
  }
  return families;
}

const linesOf = (text: string, name: string) =>
  text.split('\n').filter(line => line.startsWith(`${name}{`));

test('a call is counted in each bucket whose bound it does not exceed', async () => {
  const metrics = createMetrics(10);
  const note = metrics.durations.of('Verify');
  note(0.05, 'grpc');
  note(0.2, 'grpc');
  note(20_000, 'grpc');
  const lines = linesOf(await textOf(metrics), 'usher_call_duration_seconds_bucket');
  const at = (le: string) => Number(lines.find(line => line.includes(`le="${le}"`))?.split(' ')[1]);
  expect(['0.000025', '0.00005', '0.0001', '0.00025', '10', '+Inf'].map(at)).toEqual([
    0, 1, 1, 2, 2, 3,
  ]);
});

test('the sum and the count are by door and method', async () => {
  const metrics = createMetrics(10);
  metrics.durations.of('Verify')(1, 'grpc');
  metrics.durations.of('Verify')(2, 'connect');
  metrics.durations.of('/')(4, 'root');
  const text = await textOf(metrics);
  expect(linesOf(text, 'usher_call_duration_seconds_sum')).toEqual([
    'usher_call_duration_seconds_sum{door="grpc",method="Verify"} 0.001',
    'usher_call_duration_seconds_sum{door="connect",method="Verify"} 0.002',
    'usher_call_duration_seconds_sum{door="root",method="/"} 0.004',
  ]);
});

test('native histograms hold the same calls, in buckets that are at most 9 % wide', async () => {
  const metrics = createMetrics(10);
  const note = metrics.durations.of('Verify');
  const noted = [0.0000001, 0.004, 0.004, 1, 1.2, 1000, 3_600_000];
  for (const ms of noted) note(ms, 'grpc');
  const family = (await familiesOf(metrics)).get('usher_call_duration_seconds');
  const histogram = family?.metric[0]?.histogram;
  expect(histogram).toMatchObject({ sampleCount: 7n, schema: 3 });
  let index = 0;
  let held = 0;
  const buckets: [upperMs: number, count: number][] = [];
  const deltas = histogram?.positiveDelta.values();
  for (const { offset, length } of histogram?.positiveSpan ?? []) {
    index += offset;
    for (let n = 0; n < length; n++, index++) {
      held += Number(deltas?.next().value);
      buckets.push([1000 * 2 ** (index / 8), held]);
    }
  }
  // The shortest and the longest count in the first and the last bucket that there is.
  const bounds = [1000 * 2 ** -20, 0.004, 1, 1.2, 1000, 1000 * 2 ** 7];
  expect(buckets.map(([, count]) => count)).toEqual([1, 2, 1, 1, 1, 1]);
  for (const [n, [upperMs]] of buckets.entries()) {
    expect(upperMs).toBeGreaterThanOrEqual((bounds[n] as number) * 0.999999);
    expect(upperMs).toBeLessThan((bounds[n] as number) * 1.0906);
  }
});

test('the durations of several processes are added up, in both formats', async () => {
  const worker = createMetrics(10);
  worker.durations.of('Verify')(1, 'grpc');
  worker.durations.of('Verify')(2, 'envoy-grpc');
  const sent = JSON.parse(JSON.stringify(await worker.json()));
  const metrics = createMetrics(10, async () => [sent]);
  metrics.durations.of('Verify')(3, 'grpc');
  const counts = linesOf(await textOf(metrics), 'usher_call_duration_seconds_count').toSorted();
  expect(counts).toEqual([
    'usher_call_duration_seconds_count{door="envoy-grpc",method="Verify"} 1',
    'usher_call_duration_seconds_count{door="grpc",method="Verify"} 2',
  ]);
  const family = (await familiesOf(metrics)).get('usher_call_duration_seconds');
  expect(family?.metric.map(({ histogram }) => histogram?.sampleCount)).toEqual([2n, 1n]);
});

test('all other metrics are the same in both formats', async () => {
  const metrics = createMetrics(10);
  metrics.verdict({ valid: false, reason: 'EXPIRED' } as never, 'grpc');
  metrics.storeHealth({ up: true, degraded: [] });
  const families = await familiesOf(metrics);
  const named = (await textOf(metrics)).match(/(?<=^# TYPE )\S+/gm);
  expect([...families.keys()]).toEqual(named);
  expect(families.get('usher_verdicts_total')?.metric[0]).toMatchObject({
    label: [
      { name: 'reason', value: 'EXPIRED' },
      { name: 'kind', value: 'unknown' },
      { name: 'door', value: 'grpc' },
    ],
    counter: { value: 1 },
  });
  expect(families.get('usher_store_up')?.metric[0]?.gauge?.value).toBe(1);
});

test.each([
  undefined,
  'text/plain;version=0.0.4',
  'application/openmetrics-text',
  'application/vnd.google.protobuf;proto=other.Message;encoding=delimited',
  `text/plain,${protobuf}`,
])('a scraper that accepts %s gets text', async accept => {
  const { type } = await createMetrics(10).answer(accept);
  expect(type).toMatch(/^text\/plain/);
});

test('a call that fails is timed, at once or later', async () => {
  const noted: string[] = [];
  const note = (_: number, door: string) => void noted.push(door);
  const thrown = () => {
    throw new Error('at once');
  };
  expect(() => timed(thrown, 'grpc', note)).toThrow('at once');
  await expect(timed(async () => thrown(), 'root', note)).rejects.toThrow('at once');
  expect(await timed(async () => 1, 'connect', note)).toBe(1);
  expect(timed(() => 2, 'manager', note)).toBe(2);
  expect(noted).toEqual(['grpc', 'root', 'connect', 'manager']);
});
