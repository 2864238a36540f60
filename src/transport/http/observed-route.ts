/** Times and traces the requests of a route. */

import type { Awaitable } from '../../store/awaitable.ts';
import type { Door } from '../rpc/call.ts';
import { type Observed, timed, traced } from '../rpc/observed.ts';
import { HttpMarks } from './marks.ts';
import { type HttpRequest, type HttpResponse, knownMethod } from './message.ts';
import type { Route } from './router.ts';

/** A route whose requests are timed and traced until their answer is made, under its path as the method. */
export function observedRoute(route: Route, door: Door, observed: Observed): Route {
  const note = observed.durations.of(route.path);
  const { handle } = tracedRoute({ ...route, door }, observed);
  return { ...route, door, handle: (req, res) => timed<void>(() => handle(req, res), door, note) };
}

/** A route whose requests are traced, in spans by OpenTelemetry's semantic conventions. */
export function tracedRoute(route: Route, observed: Pick<Observed, 'tracing' | 'scopes'>): Route {
  if (observed.tracing === undefined && observed.scopes === undefined) return route;
  const { path, door } = route;
  const handle = (req: HttpRequest, res: HttpResponse): Awaitable<void> => {
    const method = knownMethod(req.method);
    const attributes = {
      ...{ 'http.request.method': method, 'http.route': path },
      ...(door && { 'usher.door': door }),
    };
    const about = { name: `${method} ${path}`, attributes };
    return traced(observed, new HttpMarks(res), about, () => route.handle(req, res));
  };
  return { ...route, handle };
}
