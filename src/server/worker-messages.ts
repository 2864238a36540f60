/** What workers and the process that started them tell each other. */

import type { Metrics } from './metrics.ts';

/** To a worker. */
export type ToWorker = { kind: 'metrics'; ask: number };

/** From a worker. */
export type FromWorker = { kind: 'ready' } | { kind: 'metrics'; ask: number; metrics: object };

/** Says that this worker is ready, answers for its metrics, and ends when it is left alone. */
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
