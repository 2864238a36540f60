/** What Prometheus may know: counts by reason, kind and door. Never a token, an id or a claim. */

import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Door } from '../transport/rpc/call.ts';
import type { Verdict } from '../verify/verdict.ts';

/** The metrics of one server. */
export interface Metrics {
  /** Counts a verdict. */
  verdict(verdict: Verdict, door: Door): void;
  /** Counts a verdict that could not be known. */
  unavailable(): void;
  /** Counts an error that nobody expected. */
  bug(): void;
  /** Says whether the store answers. */
  storeUp(up: boolean): void;
  /** All of it as JSON, to be added up with that of other processes. */
  json(): Promise<object>;
  /** All of it in the text format of Prometheus, with that of other processes. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** Makes them, in a registry of their own. `others` are those of other processes, as JSON. */
export function createMetrics(others: () => Promise<object[]> = async () => []): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  /** By door, reason and kind, and not in the counter: to find a labelled one costs more than a verdict. */
  const counts = new Map<string, Map<string, Map<string, { count: number }>>>();
  new Counter({
    name: 'usher_verdicts_total',
    help: 'Verdicts by reason (NONE for a good token), kind of token and door.',
    labelNames: ['reason', 'kind', 'door'] as const,
    registers,
    collect() {
      this.reset();
      for (const [door, reasons] of counts) {
        for (const [reason, kinds] of reasons) {
          for (const [kind, { count }] of kinds) this.inc({ reason, kind, door }, count);
        }
      }
    },
  });
  const countFirst = (door: string, reason: string, kind: string) => {
    const reasons = counts.get(door) ?? new Map<string, Map<string, { count: number }>>();
    const kinds = reasons.get(reason) ?? new Map<string, { count: number }>();
    counts.set(door, reasons.set(reason, kinds.set(kind, { count: 1 })));
  };
  const unavailable = new Counter({
    name: 'usher_unavailable_total',
    help: 'Questions whose verdict could not be known.',
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
    aggregator: 'min',
    registers,
  });

  return {
    verdict(verdict, door) {
      const reason = verdict.valid ? 'NONE' : verdict.reason;
      const kind = verdict.identity?.kind ?? 'unknown';
      const counted = counts.get(door)?.get(reason)?.get(kind);
      if (counted === undefined) countFirst(door, reason, kind);
      else counted.count++;
    },
    unavailable: () => unavailable.inc(),
    bug: () => bugs.inc(),
    storeUp: up => storeUp.set(up ? 1 : 0),
    json: () => registry.getMetricsAsJSON(),
    async text() {
      const all = await others();
      if (all.length === 0) return await registry.metrics();
      const own = await registry.getMetricsAsJSON();
      return await AggregatorRegistry.aggregate([own, ...all]).metrics();
    },
    contentType: registry.contentType,
  };
}
