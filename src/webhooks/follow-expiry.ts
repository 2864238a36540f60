/** Makes deliveries of access tokens that expire in as many days as their webhooks name. */

import type { Awaitable } from '../store/awaitable.ts';
import { cursorBehind } from '../store/cursor.ts';
import type { AccessTokenRecord } from '../store/record.ts';
import type { Scan, ScanPage } from '../store/store.ts';
import { uuidOf } from '../tokens/derived-uuid.ts';
import type { Happening } from './events.ts';
import { dayMs, type Lane } from './lane.ts';
import type { WebhookLimits } from './limits.ts';
import { wants } from './webhook.ts';

/** What it needs. */
export interface ExpiryDeps {
  store: { scan(scan: Scan): Awaitable<ScanPage> };
  limits: Pick<WebhookLimits, 'pageSize' | 'waitingMax'>;
  /** As of FollowDeps. */
  add(lane: Lane, happening: Happening): Promise<void>;
  isHeld(): boolean;
}

/** A new access token with about this lifetime needs no notice that it will expire. */
const newMs = 3_600_000;

/**
 * Looks at the access tokens that came within a number of days since the last look, in the index of
 * expiries: a look reads only those. `now` is in milliseconds since 1970. Throws Unavailable.
 */
export async function followExpiry(
  deps: ExpiryDeps,
  lanes: Iterable<Lane>,
  now: number,
): Promise<void> {
  for (const lane of lanes) {
    if (!lane.webhook.events.includes('token.expiring')) continue;
    for (const days of lane.webhook.expiringDays) await look(deps, lane, days, now);
  }
}

async function look(deps: ExpiryDeps, lane: Lane, days: number, now: number): Promise<void> {
  const { store, limits } = deps;
  const { expiry } = lane.progress;
  const to = now + days * dayMs;
  const place = expiry[days] ?? { until: to };
  if (place.until >= to) return;
  let { after } = place;
  do {
    const { records, cursor } = await store.scan({
      ...{ order: 'expiry', limit: limits.pageSize, expiresAfter: place.until },
      ...(after !== undefined && { after }),
    });
    for (const record of records) {
      if ((record.expiresAt ?? 0) > to) {
        expiry[days] = { until: to };
        return;
      }
      if (lane.waiting.size >= limits.waitingMax || !deps.isHeld()) return;
      await tell(deps, lane, record, days, now);
      after = cursorBehind('expiry', record);
      expiry[days] = { until: place.until, after };
    }
    after = cursor;
  } while (after !== undefined);
  expiry[days] = { until: to };
}

async function tell(
  { add }: ExpiryDeps,
  lane: Lane,
  record: AccessTokenRecord,
  days: number,
  now: number,
): Promise<void> {
  const { id, createdAt, expiresAt = 0, revokedAt, owner } = record;
  if (revokedAt !== undefined || expiresAt <= now) return;
  if (createdAt > expiresAt - days * dayMs - newMs) return;
  if (!wants(lane.webhook, 'token.expiring', owner)) return;
  await add(lane, {
    id: uuidOf(`token.expiring ${id} ${expiresAt} ${days}`),
    ...{ type: 'token.expiring', time: expiresAt - days * dayMs, record, tokenId: id },
    actor: { id: 'usher', name: 'Usher' },
    members: { daysLeft: days },
  });
}
