/** /healthz and /readyz: whether the process lives, and whether it should get calls. */

import { answerJson } from './answer.ts';
import type { Route } from './router.ts';

/** What the probes need. */
export interface ProbeDeps {
  /** Why calls should go elsewhere, in words for the operator; none when they should come. */
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
