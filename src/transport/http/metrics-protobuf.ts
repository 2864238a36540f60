/** Metrics in Prometheus' Protobuf format, which alone can carry native histograms. */

import { create } from '@bufbuild/protobuf';
import { sizeDelimitedEncode } from '@bufbuild/protobuf/wire';
import {
  BucketSchema,
  type Histogram,
  HistogramSchema,
  type Metric,
  MetricFamilySchema,
  MetricSchema,
  MetricType,
} from '../../gen/io/prometheus/client/metrics_pb.ts';
import {
  boundsSeconds,
  type DurationCounts,
  durationsName,
  nativeRows,
  nativeSchema,
} from '../rpc/durations.ts';

/** The Content-Type of the format. */
export const protobufType =
  'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited';

/** A metric in prom-client's JSON form. */
export interface JsonMetric {
  name: string;
  help: string;
  type: string;
  values: { value: number; labels: Record<string, string | number>; metricName?: string }[];
}

/** Whether a scraper asks for this format rather than for text, by its Accept header. */
export function wantsProtobuf(accept: string | undefined): boolean {
  const [first = ''] = (accept ?? '').split(',');
  const parts = first.split(';').map(part => part.trim().toLowerCase());
  return (
    parts[0] === 'application/vnd.google.protobuf' &&
    parts.includes('proto=io.prometheus.client.metricfamily') &&
    parts.includes('encoding=delimited')
  );
}

/** Encodes metrics; those of durations come from their counts. */
export function encodeProtobuf(
  metrics: readonly JsonMetric[],
  durations: readonly DurationCounts[],
): Buffer {
  const families = metrics.map(metric =>
    sizeDelimitedEncode(
      MetricFamilySchema,
      create(MetricFamilySchema, {
        name: metric.name,
        help: metric.help,
        type: typeOf(metric),
        metric: membersOf(metric, durations),
      }),
    ),
  );
  return Buffer.concat(families);
}

function membersOf(metric: JsonMetric, durations: readonly DurationCounts[]): Metric[] {
  if (metric.name === durationsName) return durations.map(durationMetric);
  if (metric.type === 'histogram') return histograms(metric);
  return metric.values.map(value => plainMetric(metric, value));
}

function typeOf({ type }: JsonMetric): MetricType {
  if (type === 'counter') return MetricType.COUNTER;
  if (type === 'gauge') return MetricType.GAUGE;
  return type === 'histogram' ? MetricType.HISTOGRAM : MetricType.UNTYPED;
}

function labelsOf(labels: Record<string, string | number>) {
  return Object.entries(labels)
    .filter(([name]) => name !== 'le')
    .map(([name, value]) => ({ name, value: String(value) }));
}

function plainMetric(
  { type }: JsonMetric,
  { value, labels }: JsonMetric['values'][number],
): Metric {
  const label = labelsOf(labels);
  if (type === 'counter') return create(MetricSchema, { label, counter: { value } });
  if (type === 'gauge') return create(MetricSchema, { label, gauge: { value } });
  return create(MetricSchema, { label, untyped: { value } });
}

/** The histograms of prom-client itself, such as that of garbage collections, by their labels. */
function histograms({ name, values }: JsonMetric): Metric[] {
  const found = new Map<string, { metric: Metric; histogram: Histogram }>();
  for (const { value, labels, metricName } of values) {
    const label = labelsOf(labels);
    const key = JSON.stringify(label);
    const held = found.get(key) ?? {
      metric: create(MetricSchema, { label }),
      histogram: create(HistogramSchema),
    };
    found.set(key, held);
    if (metricName === `${name}_sum`) held.histogram.sampleSum = value;
    else if (metricName === `${name}_count`) held.histogram.sampleCount = BigInt(value);
    else if (labels.le !== '+Inf') held.histogram.bucket.push(bucketOf(Number(labels.le), value));
  }
  return [...found.values()].map(({ metric, histogram }) => ({ ...metric, histogram }));
}

function bucketOf(upperBound: number, cumulativeCount: number) {
  return create(BucketSchema, { upperBound, cumulativeCount: BigInt(cumulativeCount) });
}

function durationMetric(counts: DurationCounts): Metric {
  const { door, method, count, sumSeconds, buckets } = counts;
  let below = 0;
  const bucket = buckets.slice(0, -1).map((held, n) => {
    below += held;
    return bucketOf(boundsSeconds[n] as number, below);
  });
  const rows = nativeRows(counts);
  let before = 0;
  const positiveDelta = rows.flatMap(row =>
    row.counts.map(held => {
      const delta = BigInt(held - before);
      before = held;
      return delta;
    }),
  );
  const positiveSpan = rows.map(row => ({ offset: row.offset, length: row.counts.length }));
  return create(MetricSchema, {
    label: labelsOf({ door, method }),
    histogram: {
      ...{ sampleCount: BigInt(count), sampleSum: sumSeconds, bucket },
      ...{ schema: nativeSchema, positiveSpan, positiveDelta },
    },
  });
}
