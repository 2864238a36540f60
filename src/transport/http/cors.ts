/** Lets pages of other origins call the root path and the rpcs (CORS, Fetch standard). */

import type { HttpRequest, HttpResponse } from './message.ts';

/** What CORS allows. */
export interface CorsSettings {
  /** Allowed origins, or "*" for any. Credentials mode is never allowed: no cookies. */
  origins: readonly string[] | '*';
  /** Request headers that pages may send, as `allowedHeaders` returns them. */
  headers: string;
  /** How long a browser may cache a preflight response. */
  preflightSeconds: number;
}

/** Request headers of the root path, Connect and gRPC-Web. */
const protocolHeaders = [
  'Authorization',
  'Content-Type',
  'Connect-Protocol-Version',
  'Connect-Timeout-Ms',
  'Grpc-Timeout',
  'X-Grpc-Web',
  'X-User-Agent',
];

/**
 * Request headers that tracing libraries add to each request of a page, by their own documentation.
 * Usher reads `traceparent`, `tracestate` and `x-request-id` alone; a page whose preflight did not allow them could not call it at all.
 */
export const tracingHeaders = [
  // W3C Trace Context and Baggage, as OpenTelemetry sends them.
  ...['traceparent', 'tracestate', 'baggage'],
  'sentry-trace',
  // Zipkin.
  ...['b3', 'x-b3-traceid', 'x-b3-spanid', 'x-b3-parentspanid', 'x-b3-sampled', 'x-b3-flags'],
  ...['x-request-id', 'x-correlation-id'],
  // Datadog.
  ...['x-datadog-trace-id', 'x-datadog-parent-id', 'x-datadog-origin', 'x-datadog-tags'],
  ...['x-datadog-sampling-priority', 'x-datadog-sampled'],
  'newrelic',
  // Jaeger, Elastic, AWS X-Ray, Google Cloud, Azure Application Insights, Dynatrace.
  ...['uber-trace-id', 'elastic-apm-traceparent', 'x-amzn-trace-id', 'x-cloud-trace-context'],
  ...['request-id', 'request-context', 'x-dtpc', 'x-dtreferer'],
];

/** The value of Access-Control-Allow-Headers, with the names that the settings add. */
export function allowedHeaders(added: readonly string[]): string {
  const names = [...protocolHeaders, ...tracingHeaders, ...added];
  const known = new Map(names.map(name => [name.toLowerCase(), name]));
  return [...known.values()].join(', ');
}

/** Response headers that scripts may read: gRPC-Web's status, a refusal's challenge and wait, and limits. */
const exposedHeaders = [
  'Grpc-Status',
  'Grpc-Message',
  'Grpc-Status-Details-Bin',
  'WWW-Authenticate',
  ...['Retry-After', 'RateLimit', 'RateLimit-Policy', 'X-Request-Id'],
].join(', ');

/** Adds the headers that let a page of an allowed origin read the response. */
export function allowOrigin(req: HttpRequest, res: HttpResponse, cors: CorsSettings): void {
  const { origin } = req.headers;
  if (cors.origins === '*') {
    // Clients that are not browsers send no Origin and need no headers.
    if (origin === undefined) return;
    res.setHeader('Access-Control-Allow-Origin', '*');
  } else {
    res.setHeader('Vary', 'Origin');
    if (origin === undefined || !cors.origins.includes(origin)) return;
    res.setHeader('Access-Control-Allow-Origin', origin);
  }
  res.setHeader('Access-Control-Expose-Headers', exposedHeaders);
}

/** Whether a request is a CORS preflight. */
export function isPreflight(req: HttpRequest): boolean {
  return (
    req.method === 'OPTIONS' &&
    req.headers.origin !== undefined &&
    req.headers['access-control-request-method'] !== undefined
  );
}

/** Answers a preflight with a 204, without permissions for an origin that is not allowed. */
export function answerPreflight(
  req: HttpRequest,
  res: HttpResponse,
  cors: CorsSettings,
  methods: readonly string[] | 'any',
): void {
  allowOrigin(req, res, cors);
  if (res.hasHeader('Access-Control-Allow-Origin')) {
    res.setHeader('Access-Control-Allow-Methods', methods === 'any' ? '*' : methods.join(', '));
    res.setHeader('Access-Control-Allow-Headers', cors.headers);
    res.setHeader('Access-Control-Max-Age', cors.preflightSeconds);
  }
  res.writeHead(204).end();
}
