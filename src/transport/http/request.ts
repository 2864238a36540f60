/** Routes HTTP requests and answers all errors: no request can crash the process. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { queryFault } from '../../reading/query.ts';
import { mapAwaitable } from '../../store/awaitable.ts';
import { failureOf, type OnBug } from '../rpc/failure.ts';
import { answerError } from './answer.ts';
import { allowOrigin, answerPreflight, type CorsSettings, isPreflight } from './cors.ts';
import { faultOf } from './request-check.ts';
import { createRouter, type Route } from './router.ts';

/** What the request function needs. */
export interface RequestDeps {
  /** All routes; no two with one exact path. */
  routes: readonly Route[];
  cors: CorsSettings;
  /** Called with each unexpected error. */
  onBug: OnBug;
}

/** The function that node:http calls for each request. */
export function requestFunction({ routes, cors, onBug }: RequestDeps) {
  const routeOf = createRouter(routes);

  const fail = (thrown: unknown, res: ServerResponse) => {
    const { code, message } = failureOf(thrown, onBug);
    if (res.headersSent) res.destroy();
    else answerError(res, code === 'UNAVAILABLE' ? 503 : 500, message);
  };

  const answer = (req: IncomingMessage, res: ServerResponse) => {
    const fault = faultOf(req);
    if (fault !== undefined) return answerError(res, 400, fault, { Connection: 'close' });
    const route = routeOf(pathOf(req));
    if (!route) return answerError(res, 404, 'not found');
    if (route.cors && isPreflight(req)) return answerPreflight(req, res, cors, route.methods);
    if (route.cors) allowOrigin(req, res, cors);
    if (route.methods !== 'any' && !route.methods.includes(req.method ?? '')) {
      return answerError(res, 405, 'method not allowed', { Allow: allowOf(route) });
    }
    if (route.query !== 'any') {
      const unknown = queryFault(req.url ?? '', route.query ?? []);
      if (unknown !== undefined) return answerError(res, 400, unknown);
    }
    return route.handle(req, res);
  };

  return (req: IncomingMessage, res: ServerResponse) => {
    res.on('error', ignore);
    try {
      mapAwaitable(answer(req, res), ignore, fail, res);
    } catch (error) {
      fail(error, res);
    }
  };
}

/** The caller has disconnected, so that there is nothing to answer. */
function ignore(): void {}

function allowOf({ methods, cors }: Route): string {
  return [...methods, ...(cors ? ['OPTIONS'] : [])].join(', ');
}

function pathOf(req: IncomingMessage): string {
  const url = req.url ?? '';
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}
