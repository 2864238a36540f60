/**
 * Traces of calls: what the rest of Usher needs of them. Without tracing nothing calls these functions, so
 * that it costs nothing.
 */

import type { Awaitable } from '../store/awaitable.ts';

/** What a span says besides its name: never a token, a secret, a claim, an id of a caller, or a path. */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** A call that came in, or a request that Usher makes. */
export interface TracedCall {
  /** Such as "usher.v1.VerifierService/Verify" or "GET /forward-auth". */
  name: string;
  /** By OpenTelemetry's semantic conventions. */
  attributes: Attributes;
}

/** The headers of W3C Trace Context, as they came; absent or undefined for none. */
export interface TraceHeaders {
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
}

/** That a call is sampled, with what it continues. */
export interface Sampled {
  /** The span of the caller, as OpenTelemetry has it; undefined for a trace that begins here. */
  readonly parent: object | undefined;
}

/** The ids of the current span, for the log. */
export interface TraceIds {
  /** 32 hexadecimal digits. */
  trace_id: string;
  /** 16 hexadecimal digits. */
  span_id: string;
}

/** Traces calls, and the steps in them. */
export interface Tracing {
  /** Whether to trace a call; undefined for no. It is decided before anything is made for it. */
  sample(headers: TraceHeaders): Sampled | undefined;
  /** Runs a sampled call in a span of its own. */
  call<T>(sampled: Sampled, call: TracedCall, run: () => Awaitable<T>): Awaitable<T>;
  /**
   * Begins the span of a sampled call that streams, which can last as long as its connection: so there is none
   * below it for its many verdicts. `end` ends it, once, with the error that ended the stream, if any.
   */
  stream(sampled: Sampled, call: TracedCall): { ids: TraceIds; end(error?: unknown): void };
  /** Whether any sampled call is under way: if not, `step` does nothing but run. */
  readonly isActive: boolean;
  /** Runs a step of the current call in a span; without a sampled call, it only runs it. */
  step<T>(
    name: string,
    run: () => Awaitable<T>,
    attributesOf?: (value: T) => Attributes,
  ): Awaitable<T>;
  /**
   * Runs a request to another service in a span, in the current call or in a trace of its own, which is
   * sampled like a call without a parent. `run` gets the headers that pass the trace on, or none.
   */
  request<T>(
    call: TracedCall,
    run: (headers: Readonly<Record<string, string>>) => Awaitable<T>,
    attributesOf?: (value: T) => Attributes,
  ): Awaitable<T>;
  /** The ids of the current span; undefined without one. */
  ids(): TraceIds | undefined;
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
