/** The messages between workers and the primary process. */

import type { TicketSecret } from '../transport/tls/ticket-keys.ts';
import type { Metrics, ProcessMetrics } from './metrics/metrics.ts';

/**
 * To a worker: a request for its metrics, or the master keys to use from now on as their setting has them,
 * or the level of its log, whose answers repeat the number; or the secret of TLS session tickets, in base64.
 */
export type ToWorker =
  | { kind: 'metrics'; ask: number }
  | { kind: 'keys'; ask: number; keys: string }
  | { kind: 'level'; ask: number; level: string }
  | { kind: 'tickets'; secret: string };

/**
 * From a worker: it starts and needs the master keys, it uses the keys of a message, it is ready, or its
 * metrics.
 */
export type FromWorker =
  | { kind: 'keys wanted' }
  | { kind: 'keys used'; ask: number }
  | { kind: 'level used'; ask: number }
  | { kind: 'ready' }
  | { kind: 'metrics'; ask: number; metrics: ProcessMetrics };

const tell = (message: FromWorker) => process.send?.(message);

/** Asks the primary for the master keys, which it alone reads; resolves to them. */
export function keysFromParent(): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const listen = (message: ToWorker) => {
    if (message.kind !== 'keys') return;
    process.off('message', listen);
    resolve(message.keys);
  };
  process.on('message', listen);
  tell({ kind: 'keys wanted' });
  return promise;
}

/** What a worker does for the primary. */
export interface ServedParent {
  metrics: Pick<Metrics, 'json'>;
  /** Takes the secret of the primary's TLS session tickets. */
  tickets: Pick<TicketSecret, 'set'>;
  /** Uses these master keys from now on. */
  takeKeys(keys: string): void;
  /** Logs at this level from now on. */
  setLevel(level: string): void;
  /** Stops when the primary is gone. */
  stop(): void;
}

/** Reports this worker ready, and answers the primary. */
export function serveParent(parent: ServedParent): void {
  const { metrics, tickets, takeKeys, setLevel, stop } = parent;
  process.on('message', async (message: ToWorker) => {
    if (message.kind === 'metrics') {
      tell({ kind: 'metrics', ask: message.ask, metrics: await metrics.json() });
    } else if (message.kind === 'tickets') {
      tickets.set(Buffer.from(message.secret, 'base64'));
    } else if (message.kind === 'level') {
      setLevel(message.level);
      tell({ kind: 'level used', ask: message.ask });
    } else {
      takeKeys(message.keys);
      tell({ kind: 'keys used', ask: message.ask });
    }
  });
  process.once('disconnect', stop);
  tell({ kind: 'ready' });
}
