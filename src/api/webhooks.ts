/** Calls the API of webhooks. */

import { create } from '@bufbuild/protobuf';
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import { durationMs, timestampDate } from '@bufbuild/protobuf/wkt';
import {
  Delivery_State,
  type Delivery as DeliveryMessage,
  type Webhook as WebhookMessage,
  WebhookSchema,
} from '../gen/usher/v1/webhooks_pb.ts';
import { type Admin, call } from './connect.ts';

/** What callers choose of a webhook; see Webhook in the proto. */
export interface WebhookFields {
  url: string;
  description: string;
  events: string[];
  owners: string[];
  expiringDays: number[];
  enabled: boolean;
}

/** A webhook. Times are as in ISO 8601. */
export interface Webhook extends WebhookFields {
  id: string;
  revision: number;
  disabledReason: string;
  createTime: string;
  updateTime: string;
  createdBy: string;
  createdByName: string;
  formerSecretUntil?: string;
  failingSince?: string;
  waiting: number;
  lastDelivery?: Delivery;
}

/** A delivery. */
export interface Delivery {
  id: string;
  messageId: string;
  event: string;
  time: string;
  payload: string;
  state: 'waiting' | 'delivered' | 'failed';
  nextAttemptTime?: string;
  attemptsTotal: number;
  attempts: {
    time: string;
    durationMs: number;
    /** 0 without an answer. */
    status: number;
    error: string;
    answer: string;
  }[];
}

/** Creates a webhook; the secret is not shown again. Throws AdminError, as all of these do. */
export async function createWebhook(
  { webhooks }: Admin,
  fields: WebhookFields,
  requestId: string,
): Promise<{ webhook: Webhook; secret: string }> {
  const request = { webhook: fields, requestId };
  const { webhook, secret } = await call(() => webhooks.createWebhook(request));
  return { webhook: webhookOf(webhook), secret };
}

/** Lists all webhooks. */
export async function listWebhooks({ webhooks }: Admin): Promise<Webhook[]> {
  const { webhooks: all } = await call(() => webhooks.listWebhooks({}));
  return all.map(webhookOf);
}

/** Reads a webhook. */
export async function getWebhook({ webhooks }: Admin, id: string): Promise<Webhook> {
  const { webhook } = await call(() => webhooks.getWebhook({ id }));
  return webhookOf(webhook);
}

const paths: Record<keyof WebhookFields, string> = {
  url: 'url',
  description: 'description',
  events: 'events',
  owners: 'owners',
  expiringDays: 'expiring_days',
  enabled: 'enabled',
};

/** Changes the given fields. */
export async function updateWebhook(
  { webhooks }: Admin,
  id: string,
  fields: Partial<WebhookFields>,
): Promise<Webhook> {
  const names = Object.keys(fields) as (keyof WebhookFields)[];
  const updateMask = { paths: names.map(name => paths[name]) };
  const { webhook } = await call(() =>
    webhooks.updateWebhook({ webhook: { ...fields, id }, updateMask }),
  );
  return webhookOf(webhook);
}

/** Makes a new secret; the former one signs for `graceSeconds` more. A repeat with the request id makes no other. */
export async function rotateWebhookSecret(
  { webhooks }: Admin,
  id: string,
  graceSeconds: number,
  requestId: string,
): Promise<{ webhook: Webhook; secret: string }> {
  const grace = { seconds: BigInt(graceSeconds) };
  const request = { id, grace, requestId };
  const { webhook, secret } = await call(() => webhooks.rotateWebhookSecret(request));
  return { webhook: webhookOf(webhook), secret };
}

/** Removes a webhook. */
export async function removeWebhook({ webhooks }: Admin, id: string): Promise<void> {
  await call(() => webhooks.removeWebhook({ id }));
}

/** Sends `webhook.test`. */
export async function testWebhook({ webhooks }: Admin, id: string): Promise<Delivery> {
  const { delivery } = await call(() => webhooks.testWebhook({ id }));
  return deliveryOf(delivery);
}

/** Sends a delivery again. */
export async function replayDelivery(
  { webhooks }: Admin,
  webhookId: string,
  deliveryId: string,
): Promise<Delivery> {
  const { delivery } = await call(() => webhooks.replayDelivery({ webhookId, deliveryId }));
  return deliveryOf(delivery);
}

const pageSizeMax = 100;

/** Lists deliveries, newest first. */
export async function* listDeliveries(
  { webhooks }: Admin,
  webhookId: string,
  limit: number,
): AsyncGenerator<Delivery> {
  let pageToken = '';
  let left = limit;
  do {
    const pageSize = Math.min(left, pageSizeMax);
    const page = await call(() => webhooks.listDeliveries({ webhookId, pageSize, pageToken }));
    for (const each of page.deliveries) yield deliveryOf(each);
    left -= page.deliveries.length;
    pageToken = page.nextPageToken;
  } while (pageToken !== '' && left > 0);
}

function webhookOf(message: WebhookMessage | undefined): Webhook {
  const webhook = message ?? create(WebhookSchema);
  const { id, revision, url, description, events, owners, expiringDays, enabled } = webhook;
  const { disabledReason, createdBy, createdByName, formerSecretUntil, failingSince, waiting } =
    webhook;
  return {
    ...{ id, revision: Number(revision), url, description, events, owners, expiringDays, enabled },
    ...{ disabledReason, createdBy, createdByName, waiting },
    createTime: timeText(webhook.createTime),
    updateTime: timeText(webhook.updateTime),
    ...(formerSecretUntil && { formerSecretUntil: timeText(formerSecretUntil) }),
    ...(failingSince && { failingSince: timeText(failingSince) }),
    ...(webhook.lastDelivery && { lastDelivery: deliveryOf(webhook.lastDelivery) }),
  };
}

const states: Record<Delivery_State, Delivery['state']> = {
  [Delivery_State.UNSPECIFIED]: 'waiting',
  [Delivery_State.WAITING]: 'waiting',
  [Delivery_State.DELIVERED]: 'delivered',
  [Delivery_State.FAILED]: 'failed',
};

function deliveryOf(message: DeliveryMessage | undefined): Delivery {
  if (message === undefined) throw new Error('the answer has no delivery');
  const { id, messageId, event, payload, state, nextAttemptTime, attemptsTotal } = message;
  return {
    ...{
      id,
      messageId,
      event,
      time: timeText(message.time),
      payload,
      state: states[state] ?? 'waiting',
    },
    ...(nextAttemptTime && { nextAttemptTime: timeText(nextAttemptTime) }),
    attemptsTotal,
    attempts: message.attempts.map(({ time, duration, status, error, answer }) => ({
      time: timeText(time),
      durationMs: duration === undefined ? 0 : durationMs(duration),
      ...{ status, error, answer },
    })),
  };
}

function timeText(time: Timestamp | undefined): string {
  return time === undefined ? '' : timestampDate(time).toISOString();
}
