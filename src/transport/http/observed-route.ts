/** Times and traces the requests of a route. */

import type { Awaitable } from '../../store/awaitable.ts';
import type { Tracing } from '../../tracing/tracing.ts';
import type { Door } from '../rpc/call.ts';
import { type Observed, timed } from '../rpc/observed.ts';
import type { HttpRequest, HttpResponse } from './message.ts';
import type { Route } from './router.ts';

/** A route whose requests are observed until their answer is made, under its path as the method. */
export function observedRoute(route: Route, door: Door, { durations, tracing }: Observed): Route {
  const note = durations.of(route.path);
  const handle = tracing === undefined ? route.handle : tracedHandle(route, door, tracing);
  return { ...route, handle: (req, res) => timed<void>(() => handle(req, res), door, note) };
}

/** Spans of requests, by OpenTelemetry's semantic conventions. */
function tracedHandle({ path, handle }: Route, door: Door, tracing: Tracing): Route['handle'] {
  return (req: HttpRequest, res: HttpResponse): Awaitable<void> => {
    const { traceparent, tracestate } = req.headers;
    const method = req.method ?? '';
    const call = {
      name: `${method} ${path}`,
      traceparent: one(traceparent),
      tracestate: one(tracestate),
      attributes: { 'http.request.method': method, 'http.route': path, 'usher.door': door },
    };
    return tracing.call<void>(call, () => handle(req, res));
  };
}

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
