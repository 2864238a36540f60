/** What someone asks of a webhook and waits for: a test, a delivery again, the deliveries so far. */

import { v4 } from 'uuid';
import { adminScope, type Caller, demand } from '../tokens/caller.ts';
import { TokenError } from '../tokens/errors.ts';
import { Faults } from '../tokens/faults.ts';
import { checkPageSize, checkUuid } from '../tokens/fields.ts';
import { pageTokens } from '../tokens/page-token.ts';
import { visibleWebhook, webhookEvent } from './access.ts';
import {
  type Delivery,
  deliveries,
  deliveryIn,
  deliveryOf,
  prefixOf,
  withAttempt,
} from './delivery.ts';
import type { Happening } from './events.ts';
import type { WebhookLimits } from './limits.ts';
import { type DeliveryStore, setFailingSince, writeDelivery } from './outcome.ts';
import { type SendDeps, send } from './send.ts';

/** These operations throw TokenError or Unavailable, and need the scope usher.admin. */
export interface AskWebhooks {
  /** Sends `webhook.test` once, and resolves to the delivery with its attempt. */
  test(caller: Caller, id: string): Promise<Delivery>;
  /** Sends a delivery again, once. */
  replay(caller: Caller, id: string, deliveryId: string): Promise<Delivery>;
  /** Lists deliveries, newest first. */
  listDeliveries(
    caller: Caller,
    query: { webhookId: string; pageSize: number; pageToken: string },
  ): Promise<{ deliveries: Delivery[]; nextPageToken: string }>;
}

/** What it needs. */
export interface AskDeps extends SendDeps {
  store: DeliveryStore;
  limits: WebhookLimits;
}

/** Limits of a page. */
const pageLimits = { pageSizeDefault: 20, pageSizeMax: 100 } as const;

/** Creates them. */
export function createAskWebhooks(deps: AskDeps): AskWebhooks {
  const { store, keys, now, limits } = deps;

  const attempt = async (caller: Caller, action: string, id: string, delivery: Delivery) => {
    const webhook = await visibleWebhook(store, caller, id);
    const timeoutMs = limits.askedTimeoutMs;
    const { attempt } = await send(deps, webhook, delivery, { timeoutMs });
    const isGood = attempt.error === undefined;
    const event = webhookEvent(caller, action, webhook, now(), {
      after: { webhook: id, ...outcomeOf(attempt) },
    });
    const written = await writeDelivery(
      store,
      delivery,
      // One that waits goes on waiting, unless this was good.
      newest => withAttempt(newest, attempt, newest.revision > 0 ? newest.nextAt : undefined),
      limits,
      event,
    );
    if (isGood) await setFailingSince(store, id, undefined);
    if (written === undefined) throw noDelivery(delivery.id);
    return written;
  };

  return {
    async test(caller, id) {
      demand(caller, adminScope);
      const uuid = checkUuid('id', id);
      const { actor, name } = caller;
      const happening: Happening = {
        ...{ id: v4(), type: 'webhook.test', time: now() },
        ...{ actor: { id: actor, name: name || actor }, members: {} },
      };
      return await attempt(caller, 'webhook.test', uuid, deliveryOf(uuid, happening, now()));
    },

    async replay(caller, id, deliveryId) {
      demand(caller, adminScope);
      const uuid = checkUuid('webhook_id', id);
      await visibleWebhook(store, caller, uuid);
      const name = `${prefixOf(uuid)}${deliveryId}`;
      const isName = /^[0-9]{13}\.[\w-]{1,13}$/.test(deliveryId);
      const found = isName ? await store.document(deliveries, name) : undefined;
      if (found === undefined) throw noDelivery(deliveryId);
      return await attempt(caller, 'webhook.replay', uuid, deliveryIn(found));
    },

    async listDeliveries(caller, { webhookId, pageSize, pageToken }) {
      demand(caller, adminScope);
      const limit = pageSize || pageLimits.pageSizeDefault;
      const faults = new Faults();
      faults.read(() => checkPageSize(pageSize, pageLimits.pageSizeMax));
      const uuid = faults.read(() => checkUuid('webhook_id', webhookId)) ?? '';
      const tokens = pageTokens(keys, caller, { rpc: 'ListDeliveries', query: [uuid] });
      const after = faults.read(() => tokens.read(pageToken));
      faults.end();
      await visibleWebhook(store, caller, uuid);
      const scan = { collection: deliveries, prefix: prefixOf(uuid), limit } as const;
      const page = await store.documents(after === undefined ? scan : { ...scan, after });
      const next = page.length < limit ? undefined : page.at(-1)?.id;
      return { deliveries: page.map(deliveryIn), nextPageToken: tokens.write(next) };
    },
  };
}

function outcomeOf({ status, error }: { status?: number; error?: string }) {
  return { ...(status !== undefined && { status }), outcome: error ?? 'delivered' };
}

function noDelivery(id: string): TokenError {
  const quoted = JSON.stringify(id.slice(0, 80));
  return new TokenError('NOT_FOUND', `there is no delivery ${quoted} of this webhook`);
}
