/** GET /healthz (the process is alive) and GET /readyz (it should receive traffic). */

import { answerJson } from './answer.ts';
import type { Route } from './router.ts';

/** What the probes need. */
export interface ProbeDeps {
  /** Why the server should get no traffic, for the operator; empty when it is ready. */
  unreadiness(): readonly string[];
}

/** The routes of the probes. */
export function probeRoutes({ unreadiness }: ProbeDeps): Route[] {
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
        if (reasons.length === 0) answerJson(res, 200, { status: 'ready' });
        else answerJson(res, 503, { error: 'not ready', reasons });
      },
    },
  ];
}
