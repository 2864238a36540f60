/** The settings of webhooks. */

import { limit } from './setting.ts';

/** The settings, by their names in Config. */
export const webhookSettings = {
  webhooksMax: limit('USHER_WEBHOOKS_MAX', 'Most webhooks', {
    min: 0,
    max: 1000,
    default: 50,
    unit: 'webhooks',
  }),
  webhookTimeoutMs: limit(
    'USHER_WEBHOOK_TIMEOUT_MS',
    'How long an attempt to deliver an event to a webhook may take',
    { min: 100, max: 60_000, default: 10_000, unit: 'ms' },
  ),
  webhookRetryHours: limit(
    'USHER_WEBHOOK_RETRY_HOURS',
    'How long after its first attempt a delivery that failed is retried, with pauses that grow from 5 s to 3 h',
    { min: 0, max: 168, default: 24, unit: 'hours' },
  ),
  webhookDisableDays: limit(
    'USHER_WEBHOOK_DISABLE_DAYS',
    'After how long without a delivery that succeeds a webhook is disabled',
    { min: 1, max: 365, default: 5, unit: 'days' },
  ),
  webhookHistoryDays: limit(
    'USHER_WEBHOOK_HISTORY_DAYS',
    'How long deliveries are kept, the last 500 of each webhook at most',
    { min: 1, max: 365, default: 14, unit: 'days' },
  ),
} as const;
