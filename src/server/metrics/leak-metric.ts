/** The metric of reports of leaked credentials. */

import { Counter, type Registry } from 'prom-client';
import type { Reporter } from '../../leaks/leak.ts';
import type { Outcome } from '../../leaks/take-reports.ts';

/** Counts what came of a reported credential. */
export type CountLeak = (by: Reporter, outcome: Outcome) => void;

const outcomes = ['unknown', 'over', 'revoked', 'flagged', 'failed'] as const;

/** Adds the metric to a registry. */
export function createLeakMetric(registry: Registry): CountLeak {
  const reports = new Counter({
    name: 'usher_leak_reports_total',
    help: 'Reported credentials, by who reported them and what came of it; unknown is none of this server.',
    labelNames: ['by', 'outcome'] as const,
    registers: [registry],
  });
  // An increase from the start shows only where there was a zero before.
  for (const by of ['github', 'report']) {
    for (const outcome of outcomes) reports.inc({ by, outcome }, 0);
  }
  return (by, outcome) => reports.inc({ by, outcome });
}
