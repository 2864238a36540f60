/** Finds who answers a request: by exact path first, then by the longest prefix. */

import type { IncomingMessage, ServerResponse } from 'node:http';

/** Who answers a path. */
export interface Route {
  /** The path, or where `prefix` is true what it starts with. */
  path: string;
  prefix?: boolean;
  methods: readonly string[] | 'any';
  /** Whether browsers of other origins may call it. */
  cors?: boolean;
  /** Answers. Unavailable, thrown, becomes a 503; anything else is a bug. */
  handle(req: IncomingMessage, res: ServerResponse): void | Promise<void>;
}

/** A function from path (without its query) to route. */
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
