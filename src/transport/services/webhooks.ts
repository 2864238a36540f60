/** WebhookService: the handlers of its rpcs. */

import { create } from '@bufbuild/protobuf';
import type { UpdateWebhookRequest, WebhookService } from '../../gen/usher/v1/webhooks_pb.ts';
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
import { hint } from '../../reading/nearest.ts';
import type { Caller } from '../../tokens/caller.ts';
import { Faults } from '../../tokens/faults.ts';
import { invalid } from '../../tokens/fields.ts';
import type { AskWebhooks } from '../../webhooks/ask.ts';
import type { WebhookFields } from '../../webhooks/check.ts';
import type { Webhooks } from '../../webhooks/webhooks.ts';
import type { Call } from '../rpc/call.ts';
import type { Handlers } from '../rpc/handlers.ts';
import { safeInteger, wholeSeconds } from '../rpc/time.ts';
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
    async createWebhook({ webhook }, call) {
      const caller = await authenticate(call);
      const { shown, secret } = await webhooks.create(caller, fieldsOf(given(webhook)));
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
      const { id, revision, fields, mask } = updateOf(request);
      const shown = await webhooks.update(caller, id, revision, fields, mask);
      return create(UpdateWebhookResponseSchema, { webhook: webhookMessage(shown) });
    },
    async rotateWebhookSecret({ id, grace }, call) {
      const caller = await authenticate(call);
      const graceSeconds = grace ? wholeSeconds(grace, 'grace') : 0;
      const { shown, secret } = await webhooks.rotateSecret(caller, id, graceSeconds);
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

/** The paths of a mask, and the fields that they name. */
const maskable: Record<string, keyof WebhookFields> = {
  url: 'url',
  description: 'description',
  events: 'events',
  owners: 'owners',
  expiring_days: 'expiringDays',
  enabled: 'enabled',
};

function updateOf({ webhook, updateMask }: UpdateWebhookRequest) {
  const message = given(webhook);
  const faults = new Faults();
  const revision = faults.read(() => safeInteger(message.revision, 'webhook.revision'));
  const mask = faults.read(() => (updateMask?.paths ?? []).map(fieldAt));
  faults.end();
  const { id } = message;
  return { id, revision: revision as number, mask: mask ?? [], fields: fieldsOf(message) };
}

function fieldAt(path: string): keyof WebhookFields {
  const known = Object.hasOwn(maskable, path) ? maskable[path] : undefined;
  if (known !== undefined) return known;
  const near = hint(path, Object.keys(maskable));
  throw invalid('update_mask', `names what is no field that can be changed${near}`);
}
