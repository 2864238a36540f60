/** Finds the route of a request, by exact path first, then by the longest prefix. */

import type { Door } from '../rpc/call.ts';
import type { HttpRequest, HttpResponse } from './message.ts';

/** A path and its handler. */
export interface Route {
  /** The exact path, or its beginning when `prefix` is true. */
  path: string;
  /** Whether all paths beginning with `path` match. */
  prefix?: boolean;
  /** The allowed methods; others are answered with 405. */
  methods: readonly string[] | 'any';
  /** The name of its requests in the access log, where that is not the listener's. */
  door?: Door;
  /** Left out of the access log: what asks every few seconds whether this server works. */
  isProbe?: boolean;
  /** Whether pages of other origins may call it. */
  cors?: boolean;
  /**
   * The query parameters that it reads; a request with another one is refused. `any` for a route
   * whose query is not its own, or that refuses in a form of its own. By default none.
   */
  query?: readonly string[] | 'any';
  /** Answers the request. If it throws Unavailable, the response is a 503, otherwise a 500. */
  handle(req: HttpRequest, res: HttpResponse): void | Promise<void>;
}

/** A function from path (without query) to route. Throws for two routes with one exact path. */
export function createRouter(routes: readonly Route[]): (path: string) => Route | undefined {
  const exact = new Map<string, Route>();
  const prefixes: Route[] = [];
  for (const route of routes) {
    if (route.prefix) prefixes.push(route);
    else if (exact.has(route.path)) throw new Error(`two routes for ${route.path}`);
    else exact.set(route.path, route);
  }
  prefixes.sort((a, b) => b.path.length - a.path.length);
  return path => exact.get(path) ?? prefixes.find(route => path.startsWith(route.path));
}
