/**
 * Tells webhooks what happens: one replica at a time follows the audit log and the expiries, and makes the
 * attempts. What it reads and writes is in the store, so that nothing is lost over a restart.
 */

import { randomUUID } from 'node:crypto';
import type { Documents } from '../store/documents.ts';
import type { Store } from '../store/store.ts';
import { awakeTimeout } from '../timing/awake.ts';
import { nextAttemptAt } from './backoff.ts';
import {
  type Delivery,
  deliveries,
  deliveryIn,
  deliveryOf,
  deliveryPages,
  withAttempt,
} from './delivery.ts';
import type { Happening } from './events.ts';
import { followExpiry } from './follow-expiry.ts';
import { followLog } from './follow-log.ts';
import { dueIn, type Lane, progressOf } from './lane.ts';
import { createLease, type Progresses } from './lease.ts';
import type { WebhookLimits } from './limits.ts';
import { disable, failingSinceOf, prune, setFailingSince, writeDelivery } from './outcome.ts';
import { type SendDeps, type Sent, send } from './send.ts';
import { bodyOf, resealed, type Webhook, webhookOf } from './webhook.ts';

/** What telling needs of the store. */
type TellerStore = Documents & Pick<Store, 'events' | 'head' | 'get' | 'scan'>;

/** What it needs. */
export interface TellerDeps extends SendDeps {
  store: TellerStore;
  limits: WebhookLimits;
  /** From 0 up to 1. */
  random: () => number;
  /** Called with the error when the store could not be used; the next look tries again. */
  onFailure(error: unknown): void;
  /** Called when a webhook was disabled. */
  onDisabled(webhook: Webhook, reason: string): void;
  /** Called with each attempt. */
  onAttempt(isGood: boolean): void;
}

/** Tells webhooks. */
export interface Teller {
  /** Looks now. Never rejects. Its attempts go on afterwards. */
  look(): Promise<void>;
  /** Has the next look read the webhooks. */
  changed(): void;
  /** Resolves when no attempt is under way. */
  idle(): Promise<void>;
  /** Starts to look from time to time. */
  start(): void;
  /** Ends it, after the attempts under way, and lets another replica take over. */
  close(): Promise<void>;
}

/** How long a delivery waits whose outcome could not be written, in milliseconds. */
const storePauseMs = 5000;

/** Creates it. */
export function createTeller(deps: TellerDeps): Teller {
  const { store, limits, now, monotonicMs, keys } = deps;
  const lease = createLease({ store, holder: randomUUID(), leaseMs: limits.leaseMs, monotonicMs });
  const lanes = new Map<string, Lane>();
  const attempts = new Set<Promise<void>>();
  let webhooks: Webhook[] = [];
  let loadedMs = Number.NEGATIVE_INFINITY;
  let expiryMs = Number.NEGATIVE_INFINITY;
  let isClosed = false;
  const ended = new AbortController();

  const progresses = (): Progresses =>
    Object.fromEntries([...lanes].map(([id, { progress }]) => [id, progress]));

  const load = async () => {
    if (monotonicMs() - loadedMs < limits.reloadMs) return;
    const listed = await store.documents({ collection: 'webhooks', limit: limits.listedMax });
    webhooks = listed.map(webhookOf).filter(({ enabled }) => enabled);
    loadedMs = monotonicMs();
  };
  /** Has a lane for each webhook that is enabled. `saved` is what the holder before had saved. */
  const syncLanes = async (saved: Progresses) => {
    for (const [id, lane] of lanes) {
      const same = webhooks.find(each => each.id === id);
      // One that was disabled and enabled again starts with a new lane.
      if (same?.enabledAt !== lane.webhook.enabledAt) lanes.delete(id);
    }
    for (const listed of webhooks) {
      const webhook = await withCurrentKeys(listed);
      const lane = lanes.get(webhook.id);
      if (lane === undefined) lanes.set(webhook.id, await openLane(webhook, saved[webhook.id]));
      else if (lane.webhook.revision < webhook.revision) {
        lane.webhook = webhook;
        lane.progress = progressOf(webhook, lane.progress, await store.head(), now()).progress;
      }
    }
  };
  const withCurrentKeys = async (webhook: Webhook): Promise<Webhook> => {
    const next = resealed(keys, webhook, now());
    if (next === undefined) return webhook;
    const change = { collection: 'webhooks', id: webhook.id, before: webhook.revision } as const;
    const outcome = await store.changeDocument({ ...change, body: bodyOf(next) });
    return outcome === 'done' ? { ...next, revision: webhook.revision + 1 } : webhook;
  };
  const openLane = async (webhook: Webhook, saved: Progresses[string] | undefined) => {
    const lane: Lane = {
      ...{ webhook, waiting: new Map(), busy: new Set(), prunedAt: now(), made: 0 },
      ...progressOf(webhook, saved, await store.head(), now()),
      failingSince: await failingSinceOf(store, webhook.id),
    };
    for await (const page of deliveryPages(store, webhook.id, limits.pageSize)) {
      for (const each of page) keepWaiting(lane, each.id, each);
    }
    await prune(store, deliveryPages(store, webhook.id, limits.pageSize), limits.historyMax);
    return lane;
  };
  /** Notes whether a delivery, if it still exists, waits, and until when. */
  const keepWaiting = (lane: Lane, id: string, delivery: Delivery | undefined) => {
    if (delivery?.state === 'waiting') lane.waiting.set(id, delivery.nextAt ?? 0);
    else lane.waiting.delete(id);
  };
  const add = async (lane: Lane, happening: Happening) => {
    const delivery = deliveryOf(lane.webhook.id, happening, now());
    if (lane.waiting.has(delivery.id)) return;
    const isNew = (newest: Delivery) => (newest.revision === 0 ? newest : undefined);
    const written = await writeDelivery(store, delivery, isNew, limits);
    keepWaiting(lane, delivery.id, written);
    lane.made += 1;
    lease.touch();
    dispatch(lane);
  };

  const dispatch = (lane: Lane) => {
    const mayStart = () => !isClosed && lease.isHeld() && lanes.get(lane.webhook.id) === lane;
    while (mayStart() && lane.busy.size < limits.atOnceMax) {
      const due = dueIn(lane, now());
      if (due === undefined) return;
      lane.busy.add(due);
      const attempt = deliver(lane, due)
        .catch(error => {
          if (!ended.signal.aborted) deps.onFailure(error);
          lane.waiting.set(due, now() + storePauseMs);
        })
        .finally(() => {
          lane.busy.delete(due);
          attempts.delete(attempt);
          dispatch(lane);
        });
      attempts.add(attempt);
    }
  };
  const deliver = async (lane: Lane, id: string) => {
    // Both as they are now: someone may have changed the webhook, or sent the delivery again.
    const [found, held] = await Promise.all([
      store.document('webhooks', lane.webhook.id),
      store.document(deliveries, id),
    ]);
    const webhook = found && webhookOf(found);
    if (!webhook?.enabled) loadedMs = Number.NEGATIVE_INFINITY;
    const delivery = held && deliveryIn(held);
    if (!webhook?.enabled || delivery?.state !== 'waiting') {
      lane.waiting.delete(id);
      return;
    }
    const sent = await send(deps, webhook, delivery, {
      ...{ timeoutMs: limits.timeoutMs, signal: ended.signal },
    });
    deps.onAttempt(sent.attempt.error === undefined);
    const next = (newest: Delivery) =>
      newest.state === 'waiting'
        ? withAttempt(newest, sent.attempt, nextAt(newest, sent))
        : undefined;
    const written = await writeDelivery(store, delivery, next, limits);
    keepWaiting(lane, id, written);
    await noteHealth(lane, webhook, sent);
  };
  const nextAt = (delivery: Delivery, { attempt, retryAfterMs, isGone }: Sent) => {
    if (isGone) return undefined;
    return nextAttemptAt({
      attempts: delivery.attemptsTotal + 1,
      firstAt: delivery.firstAt ?? attempt.time,
      ...{ now: now(), retryMs: limits.retryMs, random: deps.random() },
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    });
  };
  const noteHealth = async (lane: Lane, webhook: Webhook, { attempt, isGone }: Sent) => {
    const isGood = attempt.error === undefined;
    if (isGood !== (lane.failingSince === undefined)) {
      lane.failingSince = isGood ? undefined : attempt.time;
      await setFailingSince(store, webhook.id, lane.failingSince);
    }
    const failingMs = now() - (lane.failingSince ?? now());
    const reason = isGone
      ? 'it answered 410, which says that it wants no more events'
      : failingMs >= limits.disableMs
        ? `every delivery failed for ${Math.floor(failingMs / 3_600_000)} hours`
        : undefined;
    if (reason === undefined) return;
    if (await disable(store, webhook, reason, now())) deps.onDisabled(webhook, reason);
    loadedMs = Number.NEGATIVE_INFINITY;
  };

  const look = async () => {
    try {
      await load();
      if (webhooks.length === 0) {
        lanes.clear();
        return;
      }
      const held = await lease.hold(progresses);
      if (held === undefined) {
        lanes.clear();
        return;
      }
      if (held !== 'kept') lanes.clear();
      await syncLanes(held === 'kept' ? {} : held);
      const following = { store, limits, add, isHeld: lease.isHeld };
      await followLog(following, lanes.values());
      if (monotonicMs() - expiryMs >= limits.expiryMs) {
        await followExpiry(following, lanes.values(), now());
        expiryMs = monotonicMs();
      }
      for (const lane of lanes.values()) {
        dispatch(lane);
        await pruneRarely(lane);
      }
    } catch (error) {
      deps.onFailure(error);
    }
  };
  const pruneRarely = async (lane: Lane) => {
    if (now() - lane.prunedAt < limits.pruneMs && lane.made < limits.historyMax) return;
    [lane.prunedAt, lane.made] = [now(), 0];
    await prune(store, deliveryPages(store, lane.webhook.id, limits.pageSize), limits.historyMax);
  };

  let underway: Promise<void> = Promise.resolve();
  let isLooking = false;
  const lookNext = () => {
    isLooking = true;
    underway = underway.then(look).finally(() => {
      isLooking = false;
    });
    return underway;
  };
  const idle = async () => {
    while (attempts.size > 0) await Promise.all(attempts);
  };
  let timer: NodeJS.Timeout | undefined;
  return {
    look: lookNext,
    changed() {
      loadedMs = Number.NEGATIVE_INFINITY;
    },
    idle,
    start() {
      timer = setInterval(() => {
        if (!isLooking) void lookNext();
      }, limits.tickMs).unref();
    },
    async close() {
      isClosed = true;
      clearInterval(timer);
      await underway;
      const limit = awakeTimeout(() => ended.abort(), limits.closeMs);
      await idle();
      limit.clear();
      await lease.release(progresses).catch(deps.onFailure);
    },
  };
}
