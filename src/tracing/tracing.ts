/**
 * Traces of calls: what the rest of Usher needs of them. Without tracing nothing calls these functions, so
 * that it costs nothing.
 */

import type { Awaitable } from '../store/awaitable.ts';

/** What a span says besides its name: never a token, a secret, a claim, an id of a caller, or a path. */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** A call that came in. */
export interface TracedCall {
  /** Such as "usher.v1.VerifierService/Verify" or "GET /forward-auth". */
  name: string;
  /** The header `traceparent` (W3C Trace Context), as it came; undefined for none. */
  traceparent: string | undefined;
  /** The header `tracestate`. */
  tracestate: string | undefined;
  /** By OpenTelemetry's semantic conventions. */
  attributes: Attributes;
}

/** The ids of the current span, for the log. */
interface TraceIds {
  /** 32 hexadecimal digits. */
  trace_id: string;
  /** 16 hexadecimal digits. */
  span_id: string;
}

/** Traces calls, and the steps in them. */
export interface Tracing {
  /** Runs a call in a span of its own, unless it is not sampled. */
  call<T>(call: TracedCall, run: () => Awaitable<T>): Awaitable<T>;
  /** Runs a step of the current call in a span; without a sampled call, it only runs it. */
  step<T>(
    name: string,
    run: () => Awaitable<T>,
    attributesOf?: (value: T) => Attributes,
  ): Awaitable<T>;
  /** The ids of the current span; undefined without one. */
  ids(): TraceIds | undefined;
  /** The header `traceparent` for a request that the current call makes; undefined without one. */
  traceparent(): string | undefined;
  /** Sends what is left. */
  close(): Promise<void>;
}

/** Environment variables. */
type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Whether the standard variables of OpenTelemetry ask for traces: an endpoint is named, or an exporter, and
 * they are not switched off.
 */
export function isTracingOn(env: Environment): boolean {
  if (env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true') return false;
  const exporter = env.OTEL_TRACES_EXPORTER?.trim();
  if (exporter !== undefined && exporter !== '') return exporter !== 'none';
  return Boolean(env.OTEL_EXPORTER_OTLP_ENDPOINT || env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT);
}
