/** /metrics, in the text format of Prometheus. */

import type { Route } from './router.ts';

/** What the route shows. */
export interface MetricsText {
  text(): Promise<string>;
  readonly contentType: string;
}

/** The route. */
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
