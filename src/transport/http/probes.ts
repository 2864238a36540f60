/** GET /healthz (the process is alive) and GET /readyz (it should receive traffic). */

import type { OutgoingHttpHeaders } from 'node:http';
import { alive, type ProbeAnswer, type ProbeDeps, readiness } from '../rpc/probes.ts';
import { answerJson } from './answer.ts';
import type { HttpResponse } from './message.ts';
import type { Route } from './router.ts';

/** The routes of the probes. */
export function probeRoutes(deps: ProbeDeps): Route[] {
  const methods = ['GET', 'HEAD'];
  const isProbe = true;
  return [
    { path: '/healthz', methods, isProbe, handle: (_req, res) => sendProbe(res, alive) },
    { path: '/readyz', methods, isProbe, handle: (_req, res) => sendProbe(res, readiness(deps)) },
  ];
}

/** Sends the answer to a probe. */
export function sendProbe(
  res: HttpResponse,
  { status, value }: ProbeAnswer,
  headers: OutgoingHttpHeaders = {},
): void {
  if (value !== undefined) answerJson(res, status, value, headers);
  else res.writeHead(status, headers).end();
}
