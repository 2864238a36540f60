/** What Prometheus may know: counts by reason, kind and door. Never a token, an id or a claim. */

import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Verdict } from './verify/verdict.ts';

/** The metrics of one server. */
export interface Metrics {
  /** Counts a verdict. */
  verdict(verdict: Verdict, door: string): void;
  /** Counts a verdict that could not be known. */
  unavailable(door: string): void;
  /** Counts an error that nobody expected. */
  bug(): void;
  /** Says whether the store answers. */
  storeUp(up: boolean): void;
  /** All of it in the text format of Prometheus. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** Makes them, in a registry of their own. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  /** Counted here and not in the counter: finding a labelled one costs more than a verdict. */
  const counts = new Map<string, { reason: string; kind: string; door: string; count: number }>();
  new Counter({
    name: 'usher_verdicts_total',
    help: 'Verdicts by reason (NONE for a good token), kind of token and door.',
    labelNames: ['reason', 'kind', 'door'] as const,
    registers,
    collect() {
      this.reset();
      for (const { count, ...labels } of counts.values()) this.inc(labels, count);
    },
  });
  const unavailable = new Counter({
    name: 'usher_unavailable_total',
    help: 'Questions whose verdict could not be known, by door.',
    labelNames: ['door'] as const,
    registers,
  });
  const bugs = new Counter({
    name: 'usher_bugs_total',
    help: 'Errors that nobody expected; each is in the log with its request id.',
    registers,
  });
  const storeUp = new Gauge({
    name: 'usher_store_up',
    help: '1 while the store answers, otherwise 0.',
    registers,
  });

  return {
    verdict(verdict, door) {
      const reason = verdict.valid ? 'NONE' : verdict.reason;
      const kind = verdict.identity?.kind ?? 'unknown';
      const key = `${reason} ${kind} ${door}`;
      const counted = counts.get(key);
      if (counted === undefined) counts.set(key, { reason, kind, door, count: 1 });
      else counted.count++;
    },
    unavailable: door => unavailable.inc({ door }),
    bug: () => bugs.inc(),
    storeUp: up => storeUp.set(up ? 1 : 0),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
