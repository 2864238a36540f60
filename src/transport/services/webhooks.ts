/** WebhookService: the handlers of its rpcs. */

import { create } from '@bufbuild/protobuf';
import type { WebhookService } from '../../gen/usher/v1/webhooks_pb.ts';
import {
  CreateWebhookResponseSchema,
  GetWebhookResponseSchema,
  ListDeliveriesResponseSchema,
  ListWebhooksResponseSchema,
  RemoveWebhookResponseSchema,
  ReplayDeliveryResponseSchema,
  RotateWebhookSecretResponseSchema,
  TestWebhookResponseSchema,
  UpdateWebhookResponseSchema,
  type Webhook as WebhookMessage,
} from '../../gen/usher/v1/webhooks_pb.ts';
import type { Caller } from '../../tokens/caller.ts';
import { invalid } from '../../tokens/fields.ts';
import type { AskWebhooks } from '../../webhooks/ask.ts';
import type { WebhookFields } from '../../webhooks/check.ts';
import type { Webhooks } from '../../webhooks/webhooks.ts';
import type { Call } from '../rpc/call.ts';
import type { Handlers } from '../rpc/handlers.ts';
import { deliveryMessage, webhookMessage } from './webhook-message.ts';

export { WebhookService } from '../../gen/usher/v1/webhooks_pb.ts';

/** What WebhookService needs. */
export interface WebhooksDeps {
  webhooks: Webhooks;
  askWebhooks: AskWebhooks;
  /** Authenticates the caller; throws denialError, Unavailable or RpcError. */
  authenticate(call: Call): Promise<Caller>;
}

/** The handlers of WebhookService. */
export function webhookHandlers(deps: WebhooksDeps): Handlers<typeof WebhookService> {
  const { webhooks, askWebhooks, authenticate } = deps;
  return {
    async createWebhook({ webhook, requestId }, call) {
      const caller = await authenticate(call);
      const fields = fieldsOf(given(webhook));
      const { shown, secret } = await webhooks.create(caller, fields, requestId);
      return create(CreateWebhookResponseSchema, { webhook: webhookMessage(shown), secret });
    },
    async listWebhooks(_, call) {
      const all = await webhooks.list(await authenticate(call));
      return create(ListWebhooksResponseSchema, { webhooks: all.map(webhookMessage) });
    },
    async getWebhook({ id }, call) {
      const shown = await webhooks.get(await authenticate(call), id);
      return create(GetWebhookResponseSchema, { webhook: webhookMessage(shown) });
    },
    async updateWebhook(request, call) {
      const caller = await authenticate(call);
      const message = given(request.webhook);
      const shown = await webhooks.update(caller, {
        ...{ id: message.id, revision: Number(message.revision), fields: fieldsOf(message) },
        paths: request.updateMask?.paths ?? [],
      });
      return create(UpdateWebhookResponseSchema, { webhook: webhookMessage(shown) });
    },
    async rotateWebhookSecret({ id, grace, requestId }, call) {
      const caller = await authenticate(call);
      // What is not whole is refused there, with all else that is wrong.
      const graceSeconds = grace ? Number(grace.seconds) + grace.nanos / 1e9 : 0;
      const { shown, secret } = await webhooks.rotateSecret(caller, id, graceSeconds, requestId);
      const webhook = webhookMessage(shown);
      return create(RotateWebhookSecretResponseSchema, { webhook, secret });
    },
    async removeWebhook({ id }, call) {
      await webhooks.remove(await authenticate(call), id);
      return create(RemoveWebhookResponseSchema, {});
    },
    async testWebhook({ id }, call) {
      const delivery = deliveryMessage(await askWebhooks.test(await authenticate(call), id));
      return create(TestWebhookResponseSchema, { delivery });
    },
    async listDeliveries({ webhookId, pageSize, pageToken }, call) {
      const query = { webhookId, pageSize, pageToken };
      const page = await askWebhooks.listDeliveries(await authenticate(call), query);
      return create(ListDeliveriesResponseSchema, {
        deliveries: page.deliveries.map(deliveryMessage),
        nextPageToken: page.nextPageToken,
      });
    },
    async replayDelivery({ webhookId, deliveryId }, call) {
      const caller = await authenticate(call);
      const delivery = deliveryMessage(await askWebhooks.replay(caller, webhookId, deliveryId));
      return create(ReplayDeliveryResponseSchema, { delivery });
    },
  };
}

function given(webhook: WebhookMessage | undefined): WebhookMessage {
  if (webhook === undefined) throw invalid('webhook', 'is required');
  return webhook;
}

function fieldsOf(webhook: WebhookMessage): WebhookFields {
  const { url, description, events, owners, expiringDays, enabled } = webhook;
  return { url, description, events, owners, expiringDays, enabled };
}
