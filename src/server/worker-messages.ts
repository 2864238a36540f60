/** The messages between workers and the primary process. */

import type { TicketSecret } from '../transport/tls/ticket-keys.ts';
import type { Metrics } from './metrics.ts';

/**
 * To a worker: a request for its metrics, with a number that the answer repeats; or the secret of TLS
 * session tickets, in base64.
 */
export type ToWorker = { kind: 'metrics'; ask: number } | { kind: 'tickets'; secret: string };

/** From a worker: it is ready, or its metrics. */
export type FromWorker = { kind: 'ready' } | { kind: 'metrics'; ask: number; metrics: object };

/** Reports this worker ready, does what the primary asks, and stops when that is gone. */
export function serveParent(
  metrics: Pick<Metrics, 'json'>,
  tickets: Pick<TicketSecret, 'set'>,
  stop: () => void,
): void {
  const tell = (message: FromWorker) => process.send?.(message);
  process.on('message', async (message: ToWorker) => {
    if (message.kind === 'metrics') {
      tell({ kind: 'metrics', ask: message.ask, metrics: await metrics.json() });
    } else {
      tickets.set(Buffer.from(message.secret, 'base64'));
    }
  });
  process.once('disconnect', stop);
  tell({ kind: 'ready' });
}
