/** The metric of open watches, by the names of their callers. */

import { Gauge, type Registry } from 'prom-client';

/** Adds the metric to a registry; the callers beyond `namesMax` names are counted together, as "other". */
export function createWatchersMetric(
  registry: Registry,
  namesMax: number,
): (read: () => ReadonlyMap<string, number>) => void {
  let read = (): ReadonlyMap<string, number> => new Map();
  new Gauge({
    name: 'usher_watchers',
    help: 'Open watches of invalidations by name of the caller (empty: anyone).',
    labelNames: ['caller'] as const,
    registers: [registry],
    collect() {
      this.reset();
      let names = 0;
      for (const [caller, count] of read()) {
        this.inc({ caller: caller === '' || ++names <= namesMax ? caller : 'other' }, count);
      }
    },
  });
  return reader => {
    read = reader;
  };
}
