/** Prometheus metrics: counts by reason, kind and endpoint, never a token, id or claim. */

import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { degradable, type StoreHealth } from '../../store/health.ts';
import type { SlowedReason } from '../../tokens/guesses.ts';
import type { KeyUse } from '../../tokens/key-use.ts';
import {
  encodeProtobuf,
  type JsonMetric,
  protobufType,
  wantsProtobuf,
} from '../../transport/http/metrics-protobuf.ts';
import type { Door } from '../../transport/rpc/call.ts';
import {
  addDurations,
  createDurations,
  type DurationCounts,
} from '../../transport/rpc/durations.ts';
import type { HandshakeFault, RefusedReason } from '../../transport/rpc/guard.ts';
import type { CallDurations } from '../../transport/rpc/observed.ts';
import type { UnreadReason } from '../../transport/rpc/unread.ts';
import type { Verdict } from '../../verify/verdict.ts';
import { version } from '../../version.ts';
import type { MemoryMetric } from '../memory.ts';
import { type CallerResult, createCallerMetric } from './caller-metric.ts';
import { addDurationsMetric } from './durations-metric.ts';
import { createKeyUseMetric } from './key-use-metric.ts';
import { type CountLeak, createLeakMetric } from './leak-metric.ts';
import { addLogMetric } from './log-metric.ts';
import { createMemoryMetric } from './memory-metric.ts';
import { createStoreMetrics, type StoreMetrics } from './store-metrics.ts';
import { createTlsMetrics } from './tls-metrics.ts';
import { createWatchersMetric } from './watchers-metric.ts';
import { createWebhookMetric } from './webhook-metric.ts';

/** The metrics of one process. */
export interface Metrics {
  /** Counts a verdict. */
  verdict(verdict: Verdict, door: Door): void;
  /** Counts a verdict that failed because the store was unavailable. */
  unavailable(): void;
  /** Counts what a known caller was answered, or a caller that was not let in, whose name is "". */
  caller(name: string, result: CallerResult): void;
  /** Shows the open watches, by the name of their caller; read when the metrics are. */
  watchers(read: () => ReadonlyMap<string, number>): void;
  /** Counts an unexpected error. */
  bug(): void;
  /** Counts a record that was read and is not as Usher wrote it. */
  brokenRecord(): void;
  /** Counts a connection that a listener refused. */
  connectionRefused(listener: string, reason: RefusedReason): void;
  /** Counts a connection, or a call, that a listener closed because its answers were not read. */
  unreadClosed(listener: string, reason: UnreadReason): void;
  /** Counts a request that a listener refused because requests hold too many bytes. */
  requestRefused(listener: string): void;
  /** Counts an attempt with a wrong credential. */
  wrongCredential(): void;
  /** Counts a call that was refused because its source guesses. */
  slowed(reason: SlowedReason): void;
  /** Counts a TLS handshake that failed, or one with a listener that does not speak TLS. */
  handshakeFailed(listener: string, fault: HandshakeFault | 'tls-on-plain-text'): void;
  /** Shows when the certificate of a listener ends, in milliseconds since 1970. */
  certificateEnds(listener: string, endsMs: () => number): void;
  /** Counts files of a listener's certificate that changed and cannot be used. */
  certificateRefused(listener: string): void;
  /** Shows what holds memory within a limit. */
  readonly memory: MemoryMetric;
  /** Shows the counting of limits; read when the metrics are. */
  limiting(read: () => { counters: number; waitingMs: number }): void;
  /** Sets how many master keys write, are only read, and wait to write. */
  masterKeys(states: { writes: number; reads: number; waits: number }): void;
  /** Sets what depends on which master key. */
  keyUse(uses: readonly KeyUse[]): void;
  /** Counts a reported credential. */
  readonly leakReport: CountLeak;
  /** Counts an attempt to deliver an event to a webhook. */
  webhookAttempt(result: 'good' | 'failed'): void;
  /** Sets whether the store answers, and what is degraded. */
  storeHealth(health: Pick<StoreHealth, 'up' | 'degraded'>): void;
  /** Shows the store and its caches. */
  readonly store: StoreMetrics;
  /** How long calls took. */
  readonly durations: CallDurations;
  /** These metrics, for their sum in another process. */
  json(): Promise<ProcessMetrics>;
  /** These metrics and those of other processes, in the format that a scraper accepts. */
  answer(accept: string | undefined): Promise<{ type: string; body: string | Buffer }>;
}

/** The metrics of one process, as they are sent to another one. */
export interface ProcessMetrics {
  /** In prom-client's JSON form. */
  metrics: JsonMetric[];
  durations: DurationCounts[];
}

/** Metrics in a registry of their own. `others` returns those of other processes, as `json()`. */
export function createMetrics(
  callerNamesMax: number,
  others: () => Promise<ProcessMetrics[]> = async () => [],
): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  /** By door, reason and kind. Looking up a labelled counter would cost more than a verdict. */
  const counts = new Map<string, Map<string, Map<string, { count: number }>>>();
  new Counter({
    name: 'usher_verdicts_total',
    help: 'Verdicts by reason (NONE for a valid token), kind of token and door.',
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
    help: 'Verifications without a verdict because the store was unavailable.',
    registers,
  });
  const bugs = new Counter({
    name: 'usher_bugs_total',
    help: 'Unexpected errors; each is logged with its request id.',
    registers,
  });
  const brokenRecords = new Counter({
    name: 'usher_record_mac_failures_total',
    help: 'Reads of records that are not as Usher wrote them; each record is logged once.',
    registers,
  });
  const labelNames = ['listener', 'reason'] as const;
  const refused = new Counter({
    name: 'usher_connections_refused_total',
    help: 'Connections refused: the listener is full, or their source has its share.',
    labelNames,
    registers,
  });
  const unread = new Counter({
    name: 'usher_unread_closed_total',
    help: 'Connections (calls, by deadline) closed because their answers were not read.',
    labelNames,
    registers,
  });
  const requests = new Counter({
    name: 'usher_requests_refused_total',
    help: 'Requests refused: those under way hold too many bytes.',
    labelNames: ['listener'] as const,
    registers,
  });
  const wrongCredentials = new Counter({
    name: 'usher_wrong_credentials_total',
    help: 'Wrong credentials of callers: sign-in, administration, introspection, RFC 7009.',
    registers,
  });
  const slowed = new Counter({
    name: 'usher_slowed_calls_total',
    help: 'Calls refused because their source sent too many wrong credentials, or many at once.',
    labelNames: ['reason'] as const,
    registers,
  });
  const storeUp = new Gauge({
    name: 'usher_store_up',
    help: '1 while the store answers, otherwise 0.',
    aggregator: 'min',
    registers,
  });
  const degradedParts = new Gauge({
    name: 'usher_degraded',
    help: '1 while this part does not work although verdicts are given, otherwise 0.',
    labelNames: ['what'] as const,
    aggregator: 'max',
    registers,
  });
  const masterKeys = new Gauge({
    name: 'usher_master_keys',
    help: 'Master keys in use: the one that writes, those that are only read, and those that wait to write.',
    labelNames: ['state'] as const,
    aggregator: 'max',
    registers,
  });

  let readLimiting = () => ({ counters: 0, waitingMs: 0 });
  new Gauge({
    name: 'usher_limit_counters',
    help: 'Counters in memory of requests against limits: access tokens, or their subjects.',
    registers,
    collect() {
      this.set(readLimiting().counters);
    },
  });
  new Gauge({
    name: 'usher_limits_waiting_seconds',
    help: 'For how long counts against limits have waited for the store; 0 when it has them all.',
    aggregator: 'max',
    registers,
    collect() {
      this.set(readLimiting().waitingMs / 1000);
    },
  });

  const workers = new Gauge({
    name: 'usher_workers',
    help: 'Worker processes that answer; 0 where this process serves all listeners itself.',
    aggregator: 'max',
    registers,
  });
  new Gauge({
    name: 'usher_build_info',
    help: 'Always 1: the versions of Usher and of Node.',
    labelNames: ['version', 'node'] as const,
    aggregator: 'first',
    registers,
  }).set({ version, node: process.version }, 1);
  const durations = createDurations();
  addDurationsMetric(registry, durations);
  addLogMetric(registry);
  const json = async (): Promise<ProcessMetrics> => ({
    metrics: (await registry.getMetricsAsJSON()) as unknown as JsonMetric[],
    durations: durations.counts(),
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
    caller: createCallerMetric(registry, callerNamesMax),
    watchers: createWatchersMetric(registry, callerNamesMax),
    bug: () => bugs.inc(),
    brokenRecord: () => brokenRecords.inc(),
    connectionRefused: (listener, reason) => refused.inc({ listener, reason }),
    requestRefused: listener => requests.inc({ listener }),
    ...createTlsMetrics(registry),
    unreadClosed: (listener, reason) => unread.inc({ listener, reason }),
    wrongCredential: () => wrongCredentials.inc(),
    slowed: reason => slowed.inc({ reason }),
    memory: createMemoryMetric(registry),
    webhookAttempt: createWebhookMetric(registry),
    keyUse: createKeyUseMetric(registry),
    leakReport: createLeakMetric(registry),
    limiting(read) {
      readLimiting = read;
    },
    storeHealth({ up, degraded }) {
      const parts = new Set<string>(degraded.map(({ what }) => what));
      storeUp.set(up && !parts.has('stale') ? 1 : 0);
      for (const what of degradable) degradedParts.set({ what }, parts.has(what) ? 1 : 0);
    },
    masterKeys(states) {
      for (const [state, count] of Object.entries(states)) masterKeys.set({ state }, count);
    },
    durations,
    store: createStoreMetrics(registry),
    json,
    async answer(accept) {
      const ofWorkers = await others();
      workers.set(ofWorkers.length);
      const all = [await json(), ...ofWorkers];
      const sum = all.length === 1 ? registry : AggregatorRegistry.aggregate(all.map(jsonOf));
      if (!wantsProtobuf(accept)) return { type: registry.contentType, body: await sum.metrics() };
      const metrics = (await sum.getMetricsAsJSON()) as unknown as JsonMetric[];
      const summed = addDurations(all.flatMap(each => each.durations));
      return { type: protobufType, body: encodeProtobuf(metrics, summed) };
    },
  };
}

/** What prom-client's aggregation takes. */
function jsonOf({ metrics }: ProcessMetrics): object {
  return metrics;
}
