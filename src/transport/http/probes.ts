/** GET /healthz (the process is alive) and GET /readyz (it should receive traffic). */

import type { Degraded } from '../../store/store.ts';
import { answerJson } from './answer.ts';
import type { Route } from './router.ts';

/** What the probes need. */
export interface ProbeDeps {
  /** Why the server should get no traffic, for the operator; empty when it is ready. */
  unreadiness(): readonly string[];
  /** What does not work although verdicts are given, for the operator. */
  degraded(): readonly Degraded[];
}

/** The routes of the probes. */
export function probeRoutes({ unreadiness, degraded }: ProbeDeps): Route[] {
  return [
    {
      path: '/healthz',
      methods: ['GET', 'HEAD'],
      handle: (_req, res) => answerJson(res, 200, { status: 'alive' }),
    },
    {
      path: '/readyz',
      methods: ['GET', 'HEAD'],
      handle: (_req, res) => {
        const reasons = unreadiness();
        if (reasons.length > 0) answerJson(res, 503, { error: 'not ready', reasons });
        else answerJson(res, 200, { status: 'ready', degraded: degraded() });
      },
    },
  ];
}
