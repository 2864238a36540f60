/** The operations on webhooks that the API Manager offers. */

import { v7 } from 'uuid';
import type { Documents } from '../store/documents.ts';
import { type Store, Unavailable } from '../store/store.ts';
import { adminScope, type Caller, demand } from '../tokens/caller.ts';
import type { Claim } from '../tokens/claims.ts';
import { TokenError } from '../tokens/errors.ts';
import { Faults, invalid } from '../tokens/faults.ts';
import { checkRequestId, checkUuid } from '../tokens/fields.ts';
import type { MasterKeys } from '../verify/master-keys.ts';
import { isVisibleTo, visibleWebhook, webhookEvent } from './access.ts';
import { actorName } from './actor-name.ts';
import { changesMax, createChangeWebhook } from './change-webhook.ts';
import {
  checkGrace,
  checkWebhookFields,
  maskOf,
  ownersFor,
  type ReadAddress,
  type WebhookFields,
} from './check.ts';
import { type Delivery, deliveries, deliveryIn, prefixOf } from './delivery.ts';
import { chosen, updated } from './fields.ts';
import type { WebhookLimits } from './limits.ts';
import { failingSinceOf, removeDeliveries, setFailingSince } from './outcome.ts';
import { makeWebhookSecret } from './sign.ts';
import {
  auditFieldsOf,
  bodyOf,
  isCurrentSecret,
  sealSecret,
  secretsOf,
  urlOf,
  type Webhook,
  webhookOf,
} from './webhook.ts';

/** A webhook with what its deliveries say about it. */
export interface ShownWebhook {
  webhook: Webhook;
  /** Its address; "" when its master key is not listed. */
  url: string;
  failingSince?: number;
  /** What its creator is called now. */
  createdByName: string;
  /** Deliveries that wait, as far as they are counted. */
  waiting: number;
  /** The last one that was attempted; absent without one. */
  last?: Delivery;
}

/** A change of a webhook. */
interface WebhookUpdate {
  id: string;
  /** Only at this revision; 0 for any. */
  revision: number;
  fields: WebhookFields;
  /** Which fields to change, as in the proto. */
  paths: readonly string[];
}

/** Operations on webhooks. Each throws TokenError or Unavailable, and needs the scope usher.admin. */
export interface Webhooks {
  /** Creates a webhook; the secret is not shown again. */
  create(
    caller: Caller,
    fields: WebhookFields,
    requestId?: string,
  ): Promise<{ shown: ShownWebhook; secret: string }>;
  /** Lists those that the caller may see, oldest first. */
  list(caller: Caller): Promise<ShownWebhook[]>;
  get(caller: Caller, id: string): Promise<ShownWebhook>;
  /** Changes a webhook. */
  update(caller: Caller, update: WebhookUpdate): Promise<ShownWebhook>;
  /** Makes a new secret; the former one signs for `graceSeconds` more. */
  rotateSecret(
    caller: Caller,
    id: string,
    graceSeconds: number,
    requestId?: string,
  ): Promise<{ shown: ShownWebhook; secret: string }>;
  remove(caller: Caller, id: string): Promise<void>;
}

/** What it needs. */
export interface WebhooksDeps {
  store: Documents & Pick<Store, 'head' | 'get'>;
  keys: MasterKeys;
  /** Milliseconds since 1970. */
  now: () => number;
  readAddress: ReadAddress;
  limits: WebhookLimits;
  /** Keeps what a call with a request id chose. */
  claim: Claim;
  /** Called when webhooks were changed here. */
  onChange(): void;
}

/** Deliveries that are looked at for what waits: of one webhook, and of each in a list. */
const lookedAt = { alone: 100, inList: 20 } as const;
/** The part of the webhooks that callers with owners may have. */
const share = 1 / 5;

/** Creates them. */
export function createWebhooks(deps: WebhooksDeps): Webhooks {
  const { store, keys, now, limits, readAddress, claim } = deps;

  const show = async (webhook: Webhook, limit: number = lookedAt.alone): Promise<ShownWebhook> => {
    const prefix = prefixOf(webhook.id);
    const [listed, failingSince, createdByName] = await Promise.all([
      store.documents({ collection: deliveries, prefix, limit }),
      failingSinceOf(store, webhook.id),
      actorName(store, webhook.createdBy, webhook.owners),
    ]);
    const found = listed.map(deliveryIn);
    // The newest attempt may be one of an older delivery.
    const tried = found.filter(({ attempts }) => attempts.length > 0);
    const last = tried.toSorted((a, b) => attemptedAt(b) - attemptedAt(a))[0];
    return {
      ...{ webhook, url: shownUrl(keys, webhook), createdByName },
      ...(failingSince !== undefined && { failingSince }),
      waiting: found.filter(({ state }) => state === 'waiting').length,
      ...(last && { last }),
    };
  };
  const all = async () => {
    const listed = await store.documents({ collection: 'webhooks', limit: limits.listedMax });
    // Their ids are in the order of their creation.
    return listed.map(webhookOf);
  };
  /** The answer to a repeat of the call that created a webhook. */
  const again = async (webhook: Webhook) => {
    const [secret = ''] = webhook.revision === 1 ? secretsOf(keys, webhook, now()) : [];
    return { shown: await show(webhook), secret };
  };
  const change = createChangeWebhook(deps);

  return {
    async create(caller, fields, requestId = '') {
      demand(caller, adminScope);
      const faults = new Faults();
      faults.read(() => checkWebhookFields(fields, readAddress));
      const owners = faults.read(() => ownersFor(caller, fields.owners)) ?? [];
      faults.read(() => checkRequestId(requestId));
      faults.end();
      const asked = { ...fields, owners };
      const id = await claim({ caller, rpc: 'CreateWebhook', requestId, asked }, v7());
      const made = await store.document('webhooks', id);
      if (made !== undefined) return await again(await visibleWebhook(store, caller, id));
      const there = await all();
      const seen = there.filter(webhook => isVisibleTo(caller, webhook));
      const isOverShare = caller.owners && seen.length >= Math.ceil(limits.webhooksMax * share);
      if (there.length >= limits.webhooksMax || isOverShare) {
        throw new TokenError(
          'RESOURCE_EXHAUSTED',
          'there are as many webhooks as USHER_WEBHOOKS_MAX allows; callers with owners may have a fifth',
        );
      }
      const [secret, at] = [makeWebhookSecret(), now()];
      const webhook: Webhook = {
        ...{ id, revision: 0, ...chosen(deps, id, { ...fields, owners }), enabled: fields.enabled },
        ...{ enabledAt: at, since: { ...(await store.head()) } },
        secrets: [sealSecret(keys, id, secret)],
        ...{ createdAt: at, updatedAt: at, createdBy: caller.actor },
      };
      const outcome = await store.changeDocument({
        ...{ collection: 'webhooks', id, before: 0, body: bodyOf(webhook) },
        event: webhookEvent(caller, 'webhook.create', webhook, at, {
          after: auditFieldsOf(webhook),
        }),
      });
      deps.onChange();
      // A repeat at the same moment was first.
      if (outcome !== 'done') return await again(await visibleWebhook(store, caller, id));
      return { shown: await show({ ...webhook, revision: 1 }), secret };
    },

    async list(caller) {
      demand(caller, adminScope);
      const seen = (await all()).filter(webhook => isVisibleTo(caller, webhook));
      return await Promise.all(seen.map(webhook => show(webhook, lookedAt.inList)));
    },

    async get(caller, id) {
      demand(caller, adminScope);
      return await show(await visibleWebhook(store, caller, checkUuid('id', id)));
    },

    async update(caller, { id, revision, fields, paths }) {
      demand(caller, adminScope);
      const faults = new Faults();
      const uuid = faults.read(() => checkUuid('webhook.id', id)) ?? '';
      faults.read(() => {
        if (Number.isSafeInteger(revision) && revision >= 0) return;
        throw invalid('webhook.revision', 'must be from 0 to 2^53 - 1');
      });
      const mask = faults.read(() => maskOf(paths)) ?? [];
      const given = Object.fromEntries(mask.map(name => [name, fields[name]]));
      faults.read(() => checkWebhookFields(given, readAddress));
      if (mask.includes('owners')) faults.read(() => ownersFor(caller, fields.owners));
      faults.end();
      const ask = { caller, id: uuid, action: 'webhook.update', revision };
      const webhook = await change(ask, async (before, at) => {
        const next = { ...before, ...updated(deps, before, fields, mask, caller) };
        if (!mask.includes('enabled') || fields.enabled === before.enabled) return next;
        const { disabledReason: _why, ...rest } = next;
        if (!fields.enabled) return { ...rest, enabled: false };
        return { ...rest, enabled: true, enabledAt: at, since: { ...(await store.head()) } };
      });
      // Its failures of before do not count when it is enabled again.
      if (mask.includes('enabled') && webhook.enabled) {
        await setFailingSince(store, webhook.id, undefined);
      }
      return await show(webhook);
    },

    async rotateSecret(caller, id, graceSeconds, requestId = '') {
      demand(caller, adminScope);
      const faults = new Faults();
      const uuid = faults.read(() => checkUuid('id', id)) ?? '';
      faults.read(() => checkGrace(graceSeconds));
      faults.read(() => checkRequestId(requestId));
      faults.end();
      const { revision } = await visibleWebhook(store, caller, uuid);
      const asked = { id: uuid, graceSeconds };
      const offered = `${revision} ${makeWebhookSecret()}`;
      const claimed = await claim(
        { caller, rpc: 'RotateWebhookSecret', requestId, asked },
        offered,
      );
      const [claimedAt = '', secret = ''] = claimed.split(' ');
      const webhook = await change({ caller, id: uuid, action: 'webhook.rotate' }, (before, at) => {
        // A repeat: the first call made the change.
        if (requestId !== '' && isCurrentSecret(keys, before, secret)) return undefined;
        // Otherwise a repeat could bring a secret back that another rotation has replaced.
        if (claimed !== offered && before.revision !== Number(claimedAt)) throw changedSince();
        const former = before.secrets
          .slice(0, graceSeconds > 0 ? 1 : 0)
          .map(last => ({ ...last, goodUntil: at + graceSeconds * 1000 }));
        return { ...before, secrets: [sealSecret(keys, uuid, secret), ...former] };
      });
      return { shown: await show(webhook), secret };
    },

    async remove(caller, id) {
      demand(caller, adminScope);
      const uuid = checkUuid('id', id);
      for (let attempt = 1; attempt <= changesMax; attempt++) {
        const before = await visibleWebhook(store, caller, uuid);
        const at = now();
        const outcome = await store.changeDocument({
          ...{ collection: 'webhooks', id: uuid, before: before.revision },
          event: webhookEvent(caller, 'webhook.remove', before, at, {
            before: auditFieldsOf(before),
          }),
        });
        if (outcome === 'conflict') continue;
        deps.onChange();
        await removeDeliveries(store, uuid, limits.pageSize);
        return;
      }
      throw new TokenError('ABORTED', 'this webhook keeps changing; try again');
    },
  };
}

function attemptedAt({ attempts }: Delivery): number {
  return attempts.at(-1)?.time ?? 0;
}

function shownUrl(keys: MasterKeys, webhook: Webhook): string {
  try {
    return urlOf(keys, webhook);
  } catch (error) {
    if (error instanceof Unavailable) return '';
    throw error;
  }
}

function changedSince(): TokenError {
  return new TokenError(
    'ABORTED',
    'the webhook was changed since the first call with this request id; look at it, then use another id',
  );
}
