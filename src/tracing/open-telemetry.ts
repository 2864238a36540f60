/** Traces over OTLP, by the standard variables of OpenTelemetry. Loaded only where they ask for traces. */

import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type SpanContext,
  SpanKind,
  type SpanStatus,
  SpanStatusCode,
  TraceFlags,
} from '@opentelemetry/api';
import { ExportResultCode } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { BatchSpanProcessor, RandomIdGenerator, type SpanExporter } from '@opentelemetry/sdk-trace';
import { type Awaitable, mapAwaitable } from '../store/awaitable.ts';
import { CallSpan } from './call-span.ts';
import { checkExporterVariables, wholeNumber } from './exporter-variables.ts';
import { createSampler } from './sampler.ts';
import type { Attributes, Sampled, TracedCall, TraceIds, Tracing } from './tracing.ts';

/** What tracing needs. */
export interface TracingDeps {
  /** The environment, with OTEL_… */
  env: Readonly<Record<string, string | undefined>>;
  /** The version of Usher. */
  version: string;
  /** Called with the first failure to send spans, and again after one that succeeded. */
  onFailure(error: unknown): void;
  /** Where spans go; the OTLP endpoint by default. */
  exporter?: SpanExporter;
  /** Math.random, for the sampler. */
  random?: () => number;
}

/** Opens tracing. Throws Error for variables that are wrong, with what to do. */
export function openTracing(deps: TracingDeps): Tracing {
  const { env, version, onFailure, random = Math.random } = deps;
  const exporterName = env.OTEL_TRACES_EXPORTER?.trim() || 'otlp';
  if (exporterName !== 'otlp') {
    throw new Error(`OTEL_TRACES_EXPORTER is ${exporterName}; use otlp or none`);
  }
  const protocol = env.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL ?? env.OTEL_EXPORTER_OTLP_PROTOCOL;
  if (protocol !== undefined && protocol !== 'http/protobuf') {
    throw new Error(
      `OTEL_EXPORTER_OTLP_PROTOCOL is ${protocol}; use http/protobuf, at the collector's port 4318`,
    );
  }
  checkExporterVariables(env);
  const sample = createSampler(env.OTEL_TRACES_SAMPLER, env.OTEL_TRACES_SAMPLER_ARG, random);
  const exporter = reporting(deps.exporter ?? new OTLPTraceExporter(), onFailure);
  const own = { 'service.name': 'usher', 'service.version': version };
  const origin = {
    // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES go before Usher's own.
    resource: defaultResource()
      .merge(resourceFromAttributes(own))
      .merge(detectResources({ detectors: [envDetector] })),
    instrumentationScope: { name: 'usher', version },
  };
  const processor = new BatchSpanProcessor({ exporter, ...batchLimits(env) });
  const ids = new RandomIdGenerator();
  const current = new AsyncLocalStorage<CallSpan>();

  const start = (
    name: string,
    kind: SpanKind,
    attributes: Attributes,
    parent: SpanContext | undefined,
  ) => {
    const context = {
      traceId: parent?.traceId ?? ids.generateTraceId(),
      spanId: ids.generateSpanId(),
      // Spans are made for sampled calls alone.
      traceFlags: TraceFlags.SAMPLED,
      ...(parent?.traceState && { traceState: parent.traceState }),
    };
    return new CallSpan(origin, { name, kind, attributes }, context, parent);
  };

  const end = (span: CallSpan, attributes: Attributes, status?: SpanStatus) => {
    span.end(attributes, status);
    processor.onEnd(span);
  };

  /** Spans that have not ended. Without any there is no current one, which costs less to see. */
  const open = { count: 0 };
  const currentSpan = () => (open.count === 0 ? undefined : current.getStore());
  const inSpan = <T>(
    span: CallSpan,
    run: () => Awaitable<T>,
    attributesOf: (value: T) => Attributes,
  ): Awaitable<T> => {
    open.count++;
    const endOpen: EndSpan = (attributes, status) => {
      open.count--;
      end(span, attributes, status);
    };
    return within(endOpen, () => current.run(span, run), attributesOf);
  };
  const startCall = (sampled: Sampled, { name, attributes }: TracedCall) => {
    const parent = sampled.parent as SpanContext | undefined;
    return start(name, SpanKind.SERVER, attributes, parent);
  };
  const step: Tracing['step'] = (name, run, attributesOf = noAttributes) => {
    const parent = currentSpan();
    if (parent === undefined) return run();
    return inSpan(start(name, SpanKind.INTERNAL, {}, parent.spanContext()), run, attributesOf);
  };
  const request: Tracing['request'] = (traced, run, attributesOf = noAttributes) => {
    const parent = currentSpan();
    if (parent === undefined && sample({}) === undefined) return run({});
    const span = start(traced.name, SpanKind.CLIENT, traced.attributes, parent?.spanContext());
    return inSpan(span, () => run(headersOf(span.spanContext())), attributesOf);
  };
  return {
    sample,
    call: (sampled, traced, run) => inSpan(startCall(sampled, traced), run, noAttributes),
    stream(sampled, traced) {
      const span = startCall(sampled, traced);
      return {
        ids: idsOf(span),
        end: error => (error === undefined ? end(span, {}) : end(span, ...failureOf(error))),
      };
    },
    get isActive() {
      return open.count > 0;
    },
    step,
    request,
    ids() {
      const span = currentSpan();
      return span && idsOf(span);
    },
    async close() {
      await processor.shutdown().catch(onFailure);
    },
  };
}

function idsOf(span: CallSpan): TraceIds {
  const { traceId, spanId } = span.spanContext();
  return { trace_id: traceId, span_id: spanId };
}

/** How a span ends with an error: with its name alone, since a message could hold what the caller sent. */
function failureOf(error: unknown): Parameters<EndSpan> {
  const name = error instanceof Error ? error.name : 'Error';
  return [{ 'error.type': name }, { code: SpanStatusCode.ERROR, message: name }];
}

/** The headers of W3C Trace Context for a request in a span. */
function headersOf({ traceId, spanId, traceState }: SpanContext): Record<string, string> {
  const tracestate = traceState?.serialize() ?? '';
  return {
    traceparent: `00-${traceId}-${spanId}-01`,
    ...(tracestate === '' ? {} : { tracestate }),
  };
}

const noAttributes = () => ({});

/** The standard variables of the batches in which spans are sent. Throws Error for what is no number. */
function batchLimits(env: TracingDeps['env']) {
  const limits: Record<string, number> = {};
  for (const [name, variable] of Object.entries(batchVariables)) {
    const text = env[variable];
    if (text === undefined || text === '') continue;
    limits[name] = wholeNumber(variable, text);
  }
  return limits;
}

const batchVariables = {
  maxQueueSize: 'OTEL_BSP_MAX_QUEUE_SIZE',
  maxExportBatchSize: 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE',
  scheduledDelayMillis: 'OTEL_BSP_SCHEDULE_DELAY',
  exportTimeoutMillis: 'OTEL_BSP_EXPORT_TIMEOUT',
} as const;

type EndSpan = (attributes: Attributes, status?: SpanStatus) => void;

/** Runs a function in a span, which ends with its value. */
function within<T>(
  endSpan: EndSpan,
  run: () => Awaitable<T>,
  attributesOf: (value: T) => Attributes,
): Awaitable<T> {
  const end = (value: T): T => {
    endSpan(attributesOf(value));
    return value;
  };
  const fail = (error: unknown): never => {
    endSpan(...failureOf(error));
    throw error;
  };
  try {
    return mapAwaitable(run(), end, fail);
  } catch (error) {
    return fail(error);
  }
}

/** The exporter, whose failures are reported once until it succeeds again. */
function reporting(exporter: SpanExporter, onFailure: (error: unknown) => void): SpanExporter {
  let isFailing = false;
  return {
    export(spans, onResult) {
      exporter.export(spans, result => {
        const hasFailed = result.code !== ExportResultCode.SUCCESS;
        if (hasFailed && !isFailing) onFailure(result.error);
        isFailing = hasFailed;
        onResult(result);
      });
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
  };
}
