/** The answers to health checks over HTTP, the same on every listener and for every version of HTTP. */

import type { Degraded } from '../../store/health.ts';

/** What the probes need. */
export interface ProbeDeps {
  /** Why the server should get no traffic, for the operator; empty when it is ready. */
  unreadiness(): readonly string[];
  /** What does not work although verdicts are given, for the operator. */
  degraded(): readonly Degraded[];
}

/** Of a listener that knows no reason not to be ready. */
export const alwaysReady: ProbeDeps = { unreadiness: () => [], degraded: () => [] };

/** The answer to a probe. */
export interface ProbeAnswer {
  status: 200 | 204 | 503;
  /** The JSON body; absent with 204. */
  value?: object;
}

/** /healthz: the process is alive. */
export const alive: ProbeAnswer = { status: 200, value: { status: 'alive' } };

/** /readyz: whether the server should receive traffic. */
export function readiness({ unreadiness, degraded }: ProbeDeps): ProbeAnswer {
  const reasons = unreadiness();
  if (reasons.length > 0) return { status: 503, value: { error: 'not ready', reasons } };
  return { status: 200, value: { status: 'ready', degraded: degraded() } };
}

/**
 * `OPTIONS /` and `OPTIONS *`, which balancers send where no path is configured, and which RFC 9110
 * section 9.3.7 calls a ping: no content while the server is ready.
 */
export function pinged(deps: ProbeDeps): ProbeAnswer {
  const answer = readiness(deps);
  return answer.status === 200 ? { status: 204 } : answer;
}

/** Whether a request is such a ping. */
export function isPing(method: string | undefined, path: string | undefined): boolean {
  return method === 'OPTIONS' && (path === '/' || path === '*');
}
