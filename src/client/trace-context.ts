/** The trace that a verification belongs to (W3C Trace Context), which Usher continues. */

/** The span that asks. */
export interface TraceContext {
  /** The header `traceparent`, as in `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`. */
  traceparent: string;
  /** The header `tracestate`. */
  tracestate?: string | undefined;
}

/** What is used of `@opentelemetry/api`, version 1. */
interface OpenTelemetryApi {
  context?: { active(): unknown };
  propagation?: {
    inject(
      context: unknown,
      carrier: Record<string, string>,
      setter: { set(carrier: Record<string, string>, key: string, value: string): void },
    ): void;
  };
}

/** Where `@opentelemetry/api` 1.x keeps what the application has set up, for all copies of itself. */
const registered = Symbol.for('opentelemetry.js.api.1');

/** The span that is active in OpenTelemetry, as its propagators write it; undefined without one. */
export function activeSpan(): TraceContext | undefined {
  const api = (globalThis as { [registered]?: OpenTelemetryApi })[registered];
  if (api?.context === undefined || api.propagation === undefined) return undefined;
  const carrier: Record<string, string> = {};
  const setter = {
    set(to: Record<string, string>, key: string, value: string) {
      to[key] = value;
    },
  };
  try {
    api.propagation.inject(api.context.active(), carrier, setter);
  } catch {
    // A verdict does not depend on tracing.
    return undefined;
  }
  const { traceparent, tracestate } = carrier;
  return traceparent === undefined ? undefined : { traceparent, tracestate };
}

/** Of the version that is known, with the flag that says that it is sampled. */
const sampledForm = /^00-[\da-f]{32}-[\da-f]{16}-[\da-f][13579bdf]$/;
/** Visible characters and blanks, as section 3.3 has them, and no more than it asks to pass on. */
const stateForm = /^[ -~\t]{1,512}$/;

/**
 * The headers that pass a trace on; undefined for one that is not sampled or not well-formed: nothing would
 * be recorded.
 */
export function traceHeaders(context: TraceContext | undefined): Headers | undefined {
  if (context === undefined || !sampledForm.test(context.traceparent)) return undefined;
  const headers = new Headers({ traceparent: context.traceparent });
  const { tracestate } = context;
  if (tracestate !== undefined && stateForm.test(tracestate)) headers.set('tracestate', tracestate);
  return headers;
}
