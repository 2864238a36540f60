/** The deliveries of one webhook in the replica that tells: those that wait, and how far it is. */

import type { Delivery } from './delivery.ts';
import type { Progress } from './lease.ts';
import type { Webhook } from './webhook.ts';

/** A webhook with what waits for it. */
export interface Lane {
  webhook: Webhook;
  progress: Progress;
  /** By the id of the delivery. */
  waiting: Map<string, Delivery>;
  /** Ids of deliveries whose attempt is under way. */
  busy: Set<string>;
  /** Since when every attempt failed, in milliseconds since 1970; undefined while they succeed. */
  failingSince: number | undefined;
  /** When its old deliveries were removed last; milliseconds since 1970. */
  prunedAt: number;
}

/** The progress of a webhook: the saved one, unless the webhook was enabled after that. */
export function progressOf(webhook: Webhook, saved: Progress | undefined): Progress {
  const { since, enabledAt, expiringDays } = webhook;
  const start = { sequence: since.sequence, hash: since.hash };
  const log = saved !== undefined && saved.log.sequence > since.sequence ? saved.log : start;
  const expiry = expiringDays.map(days => {
    const first = { until: enabledAt + days * dayMs };
    const place = saved?.expiry[days];
    return [days, place !== undefined && place.until > first.until ? place : first] as const;
  });
  return { log, expiry: Object.fromEntries(expiry) };
}

/** A day in milliseconds. */
export const dayMs = 86_400_000;

/** The delivery that is due first and not under way; undefined when none is due now. */
export function dueIn({ waiting, busy }: Lane, now: number): Delivery | undefined {
  let first: Delivery | undefined;
  for (const each of waiting.values()) {
    if (busy.has(each.id) || (each.nextAt ?? 0) > now) continue;
    if (first === undefined || (each.nextAt ?? 0) < (first.nextAt ?? 0)) first = each;
  }
  return first;
}
