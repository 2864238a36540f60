/** The deliveries of one webhook in the replica that tells: those that wait, and how far it is. */

import type { ChainHead } from '../store/audit.ts';
import type { Progress } from './lease.ts';
import type { Webhook } from './webhook.ts';

/** A webhook with what waits for it. */
export interface Lane {
  webhook: Webhook;
  progress: Progress;
  /** Id of the delivery → when it is attempted next, in milliseconds since 1970. */
  waiting: Map<string, number>;
  /** Ids of deliveries whose attempt is under way. */
  busy: Set<string>;
  /** Since when every attempt failed, in milliseconds since 1970; undefined while they succeed. */
  failingSince: number | undefined;
  /** When its old deliveries were removed last, and how many were made since then. */
  prunedAt: number;
  made: number;
  /** Entries of the log from before this are not told, in milliseconds since 1970. */
  notBefore: number;
}

/** How far back a webhook without saved progress begins, unless it is new. */
const backMs = 3_600_000;
/** Entries of the log in which that is looked for. */
const backEntries = 1000;

/**
 * The progress of a webhook, and from when on events are sent to it: the saved progress, unless the webhook was enabled
 * after that. One without any that is not new comes from a backup: what is long past is not told again.
 */
export function progressOf(
  webhook: Webhook,
  saved: Progress | undefined,
  head: ChainHead,
  now: number,
): Pick<Lane, 'progress' | 'notBefore'> {
  const { since, enabledAt, expiringDays } = webhook;
  const isRestored = saved === undefined && enabledAt < now - backMs;
  const notBefore = isRestored ? now - backMs : since.time;
  const start = isRestored
    ? { sequence: Math.max(since.sequence, head.sequence - backEntries, 0), hash: '' }
    : { sequence: since.sequence, hash: since.hash };
  const log = saved !== undefined && saved.log.sequence > since.sequence ? saved.log : start;
  const from = isRestored ? notBefore : enabledAt;
  const expiry = expiringDays.map(days => {
    const first = { until: from + days * dayMs };
    const place = saved?.expiry[days];
    return [days, place !== undefined && place.until > first.until ? place : first] as const;
  });
  return { progress: { log, expiry: Object.fromEntries(expiry) }, notBefore };
}

/** A day in milliseconds. */
export const dayMs = 86_400_000;

/** The id of the delivery that is due first and not under way; undefined when none is due now. */
export function dueIn({ waiting, busy }: Lane, now: number): string | undefined {
  let first: [id: string, nextAt: number] | undefined;
  for (const [id, nextAt] of waiting) {
    if (busy.has(id) || nextAt > now) continue;
    if (first === undefined || nextAt < first[1]) first = [id, nextAt];
  }
  return first?.[0];
}
