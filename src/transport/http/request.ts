/** Routes HTTP requests and answers all errors: no request can crash the process. */

import { randomUUID } from 'node:crypto';
import { queryFault } from '../../reading/query.ts';
import { mapAwaitable } from '../../store/awaitable.ts';
import { type AccessLog, msSince } from '../rpc/access-log.ts';
import { failureOf, type OnBug } from '../rpc/failure.ts';
import { isPing, type ProbeAnswer } from '../rpc/probes.ts';
import { requestIdOf } from '../rpc/request-id.ts';
import { answerError } from './answer.ts';
import { allowOrigin, answerPreflight, type CorsSettings, isPreflight } from './cors.ts';
import { setRequestId } from './marks.ts';
import { type HttpRequest, type HttpResponse, knownMethod } from './message.ts';
import { sendProbe } from './probes.ts';
import { faultOf } from './request-check.ts';
import { createRouter, type Route } from './router.ts';

/** An access log, with the name of the listener. */
interface NamedAccess {
  access: AccessLog;
  name: string;
}

/** What the request function needs. */
export interface RequestDeps {
  /** All routes; no two with one exact path. */
  routes: readonly Route[];
  cors: CorsSettings;
  /** Answers `OPTIONS /` and `OPTIONS *`; absent where the listener is always ready. */
  ping?(): ProbeAnswer;
  /** Called with each unexpected error. */
  onBug: OnBug;
  /** Absent without an access log. */
  access?: NamedAccess;
}

/** The function that node:http calls for each request. */
export function requestFunction({
  routes,
  cors,
  ping = () => ({ status: 204 }),
  onBug,
  access,
}: RequestDeps) {
  const routeOf = createRouter(routes);

  const done = (_: unknown, res: HttpResponse) => res.release?.();
  const fail = (thrown: unknown, res: HttpResponse) => {
    const { code, message, requestId } = failureOf(thrown, onBug, res.requestId);
    setRequestId(res, requestId);
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
    const sent = req.headers['x-request-id'];
    if (sent !== undefined) setRequestId(res, requestIdOf(String(sent)));
    if (access?.access.isOn) logAccess(req, res, routeOf, access);
    try {
      mapAwaitable(answer(req, res), done, fail, res);
    } catch (error) {
      fail(error, res);
    }
  };
}

/** Writes the line of a request once it is over. */
function logAccess(
  req: HttpRequest,
  res: HttpResponse,
  routeOf: (path: string) => Route | undefined,
  { access, name }: NamedAccess,
): void {
  const route = routeOf(pathOf(req));
  if (route?.isProbe || isPing(req.method, pathOf(req))) return;
  const beganMs = performance.now();
  if (res.requestId === undefined) setRequestId(res, randomUUID());
  // By then the connection may have closed, which has no address.
  const { address: source } = access.origins.request(req);
  res.once('close', () => {
    const about = { door: route?.door ?? name, method: knownMethod(req.method) };
    const status = res.headersSent ? res.statusCode : callerLeft;
    const durationMs = msSince(beganMs);
    access.write({ ...about, path: route?.path ?? '', status, durationMs, source }, res);
  });
}

/** The status that nginx has for a caller that left before its answer. */
const callerLeft = 499;

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
