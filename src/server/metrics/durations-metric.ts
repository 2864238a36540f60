/** The metric of how long calls took, for Prometheus' text format. */

import type { Metric, Registry } from 'prom-client';
import {
  boundsSeconds,
  type DurationCounts,
  type Durations,
  durationsName,
} from '../../transport/rpc/durations.ts';

/** Adds the metric to a registry. */
export function addDurationsMetric(registry: Registry, durations: Durations): void {
  const about = {
    name: durationsName,
    help: 'From when a request has come whole until its answer is made, by door and method.',
    type: 'histogram',
    aggregator: 'sum',
  };
  // prom-client's own histogram looks up its labels on each observation, which costs more than a verdict.
  const metric = {
    ...about,
    reset: () => undefined,
    get: async () => ({ ...about, values: durations.counts().flatMap(valuesOf) }),
  };
  registry.registerMetric(metric as unknown as Metric);
}

/** The values of a histogram in prom-client's form. */
function valuesOf({ door, method, count, sumSeconds, buckets }: DurationCounts) {
  const labels = { door, method };
  let below = 0;
  const values: { metricName: string; labels: object; value: number }[] = buckets.map((held, n) => {
    below += held;
    const le = n < boundsSeconds.length ? boundsSeconds[n] : '+Inf';
    return { metricName: `${durationsName}_bucket`, labels: { le, ...labels }, value: below };
  });
  values.push({ metricName: `${durationsName}_sum`, labels, value: sumSeconds });
  values.push({ metricName: `${durationsName}_count`, labels, value: count });
  return values;
}
