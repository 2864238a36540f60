/** GET /metrics, in the formats of Prometheus. */

import type { Route } from './router.ts';

/** The metrics to serve. */
export interface MetricsSource {
  /** All metrics in the format that the scraper accepts, and its Content-Type. */
  answer(accept: string | undefined): Promise<{ type: string; body: string | Buffer }>;
}

/** The route of /metrics. */
export function metricsRoute(metrics: MetricsSource): Route {
  return {
    path: '/metrics',
    methods: ['GET', 'HEAD'],
    async handle(req, res) {
      const { type, body } = await metrics.answer(req.headers.accept);
      res.writeHead(200, {
        'Content-Type': type,
        'Content-Length': Buffer.byteLength(body),
        'Cache-Control': 'no-store',
        Vary: 'Accept',
      });
      res.end(body);
    },
  };
}
