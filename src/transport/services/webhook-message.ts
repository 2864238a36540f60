/** The messages of WebhookService. */

import { create } from '@bufbuild/protobuf';
import {
  Delivery_State,
  type Delivery as DeliveryMessage,
  DeliverySchema,
  type Webhook as WebhookMessage,
  WebhookSchema,
} from '../../gen/usher/v1/webhooks_pb.ts';
import { type Delivery, shortId } from '../../webhooks/delivery.ts';
import type { ShownWebhook } from '../../webhooks/webhooks.ts';
import { durationOfMs, timestampOf } from '../rpc/time.ts';

/** A webhook with its health. */
export function webhookMessage(shown: ShownWebhook): WebhookMessage {
  const { webhook, url, failingSince, waiting, last, createdByName } = shown;
  const { id, revision, description, events, owners = [], expiringDays, enabled } = webhook;
  const { disabledReason = '', createdAt, updatedAt, createdBy } = webhook;
  const former = webhook.secrets[1]?.goodUntil;
  return create(WebhookSchema, {
    ...{ id, revision: BigInt(revision), url, description, events, owners, expiringDays },
    ...{ enabled, disabledReason, createdBy, createdByName, waiting },
    createTime: timestampOf(createdAt),
    updateTime: timestampOf(updatedAt),
    ...(former !== undefined && { formerSecretUntil: timestampOf(former) }),
    ...(failingSince !== undefined && { failingSince: timestampOf(failingSince) }),
    ...(last && { lastDelivery: deliveryMessage(last) }),
  });
}

const states = {
  waiting: Delivery_State.WAITING,
  delivered: Delivery_State.DELIVERED,
  failed: Delivery_State.FAILED,
} as const;

/** A delivery with its attempts. */
export function deliveryMessage(delivery: Delivery): DeliveryMessage {
  const { webhookId, messageId, type, time, payload, state, nextAt } = delivery;
  return create(DeliverySchema, {
    ...{ id: shortId(delivery), webhookId, messageId, event: type, payload },
    time: timestampOf(time),
    state: states[state],
    ...(nextAt !== undefined && { nextAttemptTime: timestampOf(nextAt) }),
    attemptsTotal: delivery.attemptsTotal,
    attempts: delivery.attempts.map(
      ({ time, durationMs, status = 0, error = '', answer = '' }) => ({
        time: timestampOf(time),
        duration: durationOfMs(durationMs),
        ...{ status, error, answer },
      }),
    ),
  });
}
