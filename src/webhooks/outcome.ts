/** Records what became of an attempt: in its delivery, and in the health of its webhook. */

import { v4 } from 'uuid';
import type { AuditEvent } from '../store/audit.ts';
import type { Documents } from '../store/documents.ts';
import { type Delivery, deliveries, deliveryBody, deliveryIn, deliveryPages } from './delivery.ts';
import type { WebhookLimits } from './limits.ts';
import { auditFieldsOf, bodyOf, type Webhook } from './webhook.ts';

/** The documents that deliveries change. */
export type DeliveryStore = Pick<Documents, 'document' | 'documents' | 'changeDocument'>;

/** The document that notes since when a webhook fails. */
function healthId(webhookId: string): string {
  return `health.${webhookId}`;
}

/** Since when every attempt failed, in milliseconds since 1970; undefined while they succeed. */
export async function failingSinceOf(
  store: Pick<Documents, 'document'>,
  webhookId: string,
): Promise<number | undefined> {
  const since = (await store.document(deliveries, healthId(webhookId)))?.body.failingSince;
  return typeof since === 'number' ? since : undefined;
}

/** Notes since when a webhook fails; undefined when it does no longer. Another replica may be faster. */
export async function setFailingSince(
  store: Pick<Documents, 'document' | 'changeDocument'>,
  webhookId: string,
  since: number | undefined,
): Promise<void> {
  const id = healthId(webhookId);
  const found = await store.document(deliveries, id);
  if (found === undefined && since === undefined) return;
  const body = since === undefined ? {} : { body: { failingSince: since } };
  await store.changeDocument({
    ...{ collection: deliveries, id, before: found?.revision ?? 0 },
    ...body,
  });
}

/**
 * Writes a delivery: `next` makes it from the newest one, or from `delivery` while there is none; undefined
 * writes nothing. Resolves to what the store has then, or undefined when it was removed. Throws Unavailable.
 */
export async function writeDelivery(
  store: Pick<Documents, 'document' | 'changeDocument'>,
  delivery: Delivery,
  next: (newest: Delivery) => Delivery | undefined,
  kept: Pick<WebhookLimits, 'historyMs' | 'retryMs'>,
  event?: AuditEvent,
): Promise<Delivery | undefined> {
  const { id } = delivery;
  const { time, firstAt = 0, nextAt = 0 } = delivery;
  const keepUntil = Math.max(time, firstAt, nextAt) + kept.retryMs + kept.historyMs;
  let newest = delivery;
  for (;;) {
    const written = next(newest);
    if (written === undefined) return newest;
    const outcome = await store.changeDocument({
      ...{ collection: deliveries, id, before: newest.revision, keepUntil },
      body: deliveryBody(written),
      ...(event && { event }),
    });
    if (outcome === 'done') return { ...written, revision: newest.revision + 1 };
    const found = await store.document(deliveries, id);
    if (found === undefined) return undefined;
    newest = deliveryIn(found);
  }
}

/** Disables a webhook, unless it was changed meanwhile. `now` is in milliseconds since 1970. */
export async function disable(
  store: Pick<Documents, 'changeDocument'>,
  webhook: Webhook,
  reason: string,
  now: number,
): Promise<boolean> {
  const next = { ...webhook, enabled: false, disabledReason: reason, updatedAt: now };
  const outcome = await store.changeDocument({
    ...{ collection: 'webhooks', id: webhook.id, before: webhook.revision },
    body: bodyOf(next),
    event: {
      ...{ id: v4(), time: now, action: 'webhook.disable', actor: 'usher', peer: '', tokenId: '' },
      before: auditFieldsOf(webhook),
      after: auditFieldsOf(next),
      ...{ detail: `${webhook.host}: ${reason}`, requestId: '' },
    },
  });
  return outcome === 'done';
}

/** Removes the oldest deliveries of a webhook that no longer wait, beyond so many. */
export async function prune(
  store: DeliveryStore,
  pages: AsyncIterable<Delivery[]>,
  keep: number,
): Promise<void> {
  let count = 0;
  for await (const page of pages) {
    for (const { id, revision, state } of page) {
      count += 1;
      if (count <= keep || state === 'waiting') continue;
      await store.changeDocument({ collection: deliveries, id, before: revision });
    }
  }
}

/** Removes what was sent to a webhook, or waits, and what is known of its health. */
export async function removeDeliveries(
  store: DeliveryStore,
  webhookId: string,
  pageSize: number,
): Promise<void> {
  await setFailingSince(store, webhookId, undefined);
  for await (const page of deliveryPages(store, webhookId, pageSize)) {
    for (const { id, revision } of page) {
      await store.changeDocument({ collection: deliveries, id, before: revision });
    }
  }
}
