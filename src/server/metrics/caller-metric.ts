/** The metric of those who ask for verdicts, by the names that administrators gave them. */

import { Counter, type Registry } from 'prom-client';
import type { NotLetIn } from '../../tokens/verify-callers.ts';

/** What a caller was answered: a verdict, that it cannot be known, or why it is not let in. */
export type CallerResult = 'valid' | 'refused' | 'unavailable' | Lowercase<NotLetIn['code']>;

type Results = Map<CallerResult, number>;

/** Adds the metric to a registry; the callers beyond `namesMax` names are counted together, as "other". */
export function createCallerMetric(
  registry: Registry,
  namesMax: number,
): (name: string, result: CallerResult) => void {
  // Looking up a labelled counter would cost more than a verdict.
  const named = new Map<string, Results>();
  const notLetIn: Results = new Map();
  const others: Results = new Map();
  new Counter({
    name: 'usher_verify_callers_total',
    help: 'Questions for verdicts by name of the caller (empty: not let in) and by result.',
    labelNames: ['caller', 'result'] as const,
    registers: [registry],
    collect() {
      this.reset();
      for (const [caller, results] of [
        ...named,
        ['', notLetIn] as const,
        ['other', others] as const,
      ]) {
        for (const [result, count] of results) this.inc({ caller, result }, count);
      }
    },
  });
  const resultsOf = (name: string): Results => {
    if (name === '') return notLetIn;
    const known = named.get(name);
    if (known !== undefined) return known;
    if (named.size >= namesMax) return others;
    const results: Results = new Map();
    named.set(name, results);
    return results;
  };
  return (name, result) => {
    const results = resultsOf(name);
    results.set(result, (results.get(result) ?? 0) + 1);
  };
}
