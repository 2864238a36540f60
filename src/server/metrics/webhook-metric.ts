/** The metric of attempts to deliver events to webhooks. */

import { Counter, type Registry } from 'prom-client';

/** Adds the metric to a registry. */
export function createWebhookMetric(registry: Registry): (result: 'good' | 'failed') => void {
  const attempts = new Counter({
    name: 'usher_webhook_attempts_total',
    help: 'Attempts to deliver events to webhooks, by result.',
    labelNames: ['result'] as const,
    registers: [registry],
  });
  for (const result of ['good', 'failed'] as const) attempts.inc({ result }, 0);
  return result => attempts.inc({ result });
}
