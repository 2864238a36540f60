/** The metric of lines of the log that were dropped. */

import { Counter, type Registry } from 'prom-client';
import { logOutput } from '../../log-output.ts';

/** Adds the metric to a registry. It is read when the metrics are. */
export function addLogMetric(registry: Registry): void {
  new Counter({
    name: 'usher_log_lines_dropped_total',
    help: 'Lines of the log that were dropped: the standard error did not take them in time.',
    registers: [registry],
    collect() {
      this.reset();
      this.inc(logOutput.dropped());
    },
  });
}
