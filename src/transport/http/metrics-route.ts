/** GET /metrics, in the Prometheus text format. */

import type { Route } from './router.ts';

/** The metrics to serve. */
export interface MetricsText {
  /** All metrics in the Prometheus text format. */
  text(): Promise<string>;
  /** The Content-Type of the text. */
  readonly contentType: string;
}

/** The route of /metrics. */
export function metricsRoute(metrics: MetricsText): Route {
  return {
    path: '/metrics',
    methods: ['GET', 'HEAD'],
    async handle(_req, res) {
      const body = await metrics.text();
      res.writeHead(200, {
        'Content-Type': metrics.contentType,
        'Content-Length': Buffer.byteLength(body),
        'Cache-Control': 'no-store',
      });
      res.end(body);
    },
  };
}
