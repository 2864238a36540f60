/** Times the requests of a route. */

import type { Door } from '../rpc/call.ts';
import { type CallDurations, timed } from '../rpc/timed.ts';
import type { Route } from './router.ts';

/** A route whose requests are timed until their answer is made, under its path as the method. */
export function timedRoute(route: Route, door: Door, durations: CallDurations): Route {
  const note = durations.of(route.path);
  return { ...route, handle: (req, res) => timed(() => route.handle(req, res), door, note) };
}
