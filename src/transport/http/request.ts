/** Routes HTTP requests and answers all errors: no request can crash the process. */

import { queryFault } from '../../reading/query.ts';
import { mapAwaitable } from '../../store/awaitable.ts';
import { failureOf, type OnBug } from '../rpc/failure.ts';
import { isPing, type ProbeAnswer } from '../rpc/probes.ts';
import { answerError } from './answer.ts';
import { allowOrigin, answerPreflight, type CorsSettings, isPreflight } from './cors.ts';
import type { HttpRequest, HttpResponse } from './message.ts';
import { sendProbe } from './probes.ts';
import { faultOf } from './request-check.ts';
import { createRouter, type Route } from './router.ts';

/** What the request function needs. */
export interface RequestDeps {
  /** All routes; no two with one exact path. */
  routes: readonly Route[];
  cors: CorsSettings;
  /** Answers `OPTIONS /` and `OPTIONS *`; absent where the listener is always ready. */
  ping?(): ProbeAnswer;
  /** Called with each unexpected error. */
  onBug: OnBug;
}

/** The function that node:http calls for each request. */
export function requestFunction({
  routes,
  cors,
  ping = () => ({ status: 204 }),
  onBug,
}: RequestDeps) {
  const routeOf = createRouter(routes);

  const done = (_: unknown, res: HttpResponse) => res.release?.();
  const fail = (thrown: unknown, res: HttpResponse) => {
    const { code, message } = failureOf(thrown, onBug);
    if (res.headersSent) res.destroy();
    else answerError(res, code === 'UNAVAILABLE' ? 503 : 500, message);
    res.release?.();
  };

  const answer = (req: HttpRequest, res: HttpResponse) => {
    const fault = faultOf(req);
    if (fault !== undefined) {
      return answerError(res, fault.status, fault.text, { Connection: 'close' });
    }
    const path = pathOf(req);
    const route = routeOf(path);
    if (route?.cors && isPreflight(req)) return answerPreflight(req, res, cors, route.methods);
    if (isPing(req.method, path)) return sendProbe(res, ping(), { Allow: allowOf(route) });
    if (!route) return answerError(res, 404, 'not found');
    if (route.cors) allowOrigin(req, res, cors);
    if (route.methods !== 'any' && !route.methods.includes(req.method ?? '')) {
      const headers = { Allow: allowOf(route) };
      if (req.method === 'OPTIONS') return void res.writeHead(204, headers).end();
      return answerError(res, 405, 'method not allowed', headers);
    }
    if (route.query !== 'any') {
      const unknown = queryFault(req.url ?? '', route.query ?? []);
      if (unknown !== undefined) return answerError(res, 400, unknown);
    }
    return route.handle(req, res);
  };

  return (req: HttpRequest, res: HttpResponse) => {
    res.on('error', ignore);
    res.hold?.();
    try {
      mapAwaitable(answer(req, res), done, fail, res);
    } catch (error) {
      fail(error, res);
    }
  };
}

/** The caller has disconnected, so that there is nothing to answer. */
function ignore(): void {}

/** The methods of a route, or those of the whole listener (RFC 9110 section 9.3.7). */
function allowOf(route: Route | undefined): string {
  const methods = route === undefined || route.methods === 'any' ? allMethods : route.methods;
  return [...methods, 'OPTIONS'].join(', ');
}

const allMethods = ['GET', 'HEAD', 'POST'];

function pathOf(req: HttpRequest): string {
  const url = req.url ?? '';
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}
