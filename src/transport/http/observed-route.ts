/** Times and traces the requests of a route. */

import type { Awaitable } from '../../store/awaitable.ts';
import type { Door } from '../rpc/call.ts';
import { type Observed, observe } from '../rpc/observed.ts';
import { HttpMarks } from './marks.ts';
import { type HttpRequest, type HttpResponse, knownMethod } from './message.ts';
import type { Route } from './router.ts';

/**
 * A route whose requests are observed until their answer is made, under its path as the method. Spans are by
 * OpenTelemetry's semantic conventions.
 */
export function observedRoute(route: Route, door: Door, observed: Observed): Route {
  const { path } = route;
  const note = observed.durations.of(path);
  const handle = (req: HttpRequest, res: HttpResponse): Awaitable<void> => {
    const method = knownMethod(req.method);
    const attributes = { 'http.request.method': method, 'http.route': path, 'usher.door': door };
    const about = { name: `${method} ${path}`, attributes, door, note };
    return observe(observed, new HttpMarks(res), about, () => route.handle(req, res));
  };
  return { ...route, door, handle };
}
