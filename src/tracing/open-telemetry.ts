/** Traces over OTLP, by the standard variables of OpenTelemetry. Loaded only where they ask for traces. */

import { AsyncLocalStorage } from 'node:async_hooks';
import {
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { ExportResultCode } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import {
  AlwaysOnSampler,
  BatchSpanProcessor,
  type SpanExporter,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { type Awaitable, mapAwaitable } from '../store/awaitable.ts';
import { createSampler } from './sampler.ts';
import type { Attributes, TracedCall, Tracing } from './tracing.ts';

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
  const sample = createSampler(env.OTEL_TRACES_SAMPLER, env.OTEL_TRACES_SAMPLER_ARG, random);
  const exporter = reporting(deps.exporter ?? new OTLPTraceExporter(), onFailure);
  const own = { 'service.name': 'usher', 'service.version': version };
  const provider = new TracerProvider({
    // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES go before Usher's own.
    resource: defaultResource()
      .merge(resourceFromAttributes(own))
      .merge(detectResources({ detectors: [envDetector] })),
    // It was decided before a span is made.
    sampler: new AlwaysOnSampler(),
    spanProcessors: [new BatchSpanProcessor({ exporter, ...batchLimits(env) })],
  });
  const tracer = provider.getTracer('usher', version);
  const current = new AsyncLocalStorage<Span>();

  const start = (name: string, kind: SpanKind, attributes: Attributes, parent: Span | undefined) =>
    tracer.startSpan(
      name,
      { kind, attributes },
      parent === undefined ? ROOT_CONTEXT : trace.setSpan(ROOT_CONTEXT, parent),
    );

  const call = <T>(traced: TracedCall, run: () => Awaitable<T>): Awaitable<T> => {
    const sampled = sample(traced);
    if (sampled === undefined) return run();
    const { parent } = sampled;
    const from = parent === undefined ? undefined : trace.wrapSpanContext(parent);
    const span = start(traced.name, SpanKind.SERVER, traced.attributes, from);
    return within(current, span, run, noAttributes);
  };
  const step: Tracing['step'] = (name, run, attributesOf = noAttributes) => {
    const parent = current.getStore();
    if (parent === undefined) return run();
    return within(current, start(name, SpanKind.INTERNAL, {}, parent), run, attributesOf);
  };
  return {
    call,
    step,
    ids() {
      const context = current.getStore()?.spanContext();
      return context && { trace_id: context.traceId, span_id: context.spanId };
    },
    traceparent() {
      const context = current.getStore()?.spanContext();
      if (context === undefined) return undefined;
      return `00-${context.traceId}-${context.spanId}-0${TraceFlags.SAMPLED}`;
    },
    async close() {
      await provider.shutdown().catch(onFailure);
    },
  };
}

const noAttributes = () => ({});

/** The standard variables of the batches in which spans are sent. Throws Error for what is no number. */
function batchLimits(env: TracingDeps['env']) {
  const limits: Record<string, number> = {};
  for (const [name, variable] of Object.entries(batchVariables)) {
    const text = env[variable];
    if (text === undefined || text === '') continue;
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new Error(`${variable} is ${text}; use a whole number from 1`);
    }
    limits[name] = value;
  }
  return limits;
}

const batchVariables = {
  maxQueueSize: 'OTEL_BSP_MAX_QUEUE_SIZE',
  maxExportBatchSize: 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE',
  scheduledDelayMillis: 'OTEL_BSP_SCHEDULE_DELAY',
  exportTimeoutMillis: 'OTEL_BSP_EXPORT_TIMEOUT',
} as const;

/** Runs a function in a span, which ends with its value. */
function within<T>(
  current: AsyncLocalStorage<Span>,
  span: Span,
  run: () => Awaitable<T>,
  attributesOf: (value: T) => Attributes,
): Awaitable<T> {
  const end = (value: T): T => {
    span.setAttributes(attributesOf(value));
    span.end();
    return value;
  };
  const fail = (error: unknown): never => {
    // Its name alone: a message could hold what the caller sent.
    const name = error instanceof Error ? error.name : 'Error';
    span.setAttributes({ 'error.type': name });
    span.setStatus({ code: SpanStatusCode.ERROR, message: name });
    span.end();
    throw error;
  };
  try {
    return mapAwaitable(current.run(span, run), end, fail);
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
