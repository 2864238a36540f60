/** The messages between workers and the primary process. */

import type { Metrics } from './metrics.ts';

/** To a worker: a request for its metrics, with a number that the answer repeats. */
export type ToWorker = { kind: 'metrics'; ask: number };

/** From a worker: it is ready, or its metrics. */
export type FromWorker = { kind: 'ready' } | { kind: 'metrics'; ask: number; metrics: object };

/** Reports this worker ready, answers requests for metrics, and stops when the primary is gone. */
export function serveParent(metrics: Pick<Metrics, 'json'>, stop: () => void): void {
  const tell = (message: FromWorker) => process.send?.(message);
  process.on('message', async (message: ToWorker) => {
    if (message.kind === 'metrics') {
      tell({ kind: 'metrics', ask: message.ask, metrics: await metrics.json() });
    }
  });
  process.once('disconnect', stop);
  tell({ kind: 'ready' });
}
