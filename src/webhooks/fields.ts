/** Makes the members of a webhook from the fields that callers set. */

import type { Caller } from '../tokens/caller.ts';
import type { MasterKeys } from '../verify/master-keys.ts';
import {
  expiringDaysDefault,
  isEventType,
  ownersFor,
  type ReadAddress,
  type WebhookFields,
} from './check.ts';
import { sealUrl, type Webhook } from './webhook.ts';

/** What it needs. */
interface FieldDeps {
  keys: MasterKeys;
  readAddress: ReadAddress;
}

/** The members of a webhook that come from the fields of a caller. */
export function chosen({ keys, readAddress }: FieldDeps, id: string, fields: WebhookFields) {
  const { url, description, events, owners, expiringDays } = fields;
  const days = expiringDays.length > 0 ? expiringDays : expiringDaysDefault;
  return {
    ...{ url: sealUrl(keys, id, url), host: readAddress(url).host, description },
    events: events.filter(isEventType),
    ...(owners.length > 0 && { owners: [...owners] }),
    expiringDays: days.toSorted((a, b) => b - a),
  };
}

/** Those that an update changes. Throws TokenError. */
export function updated(
  deps: FieldDeps,
  before: Webhook,
  fields: WebhookFields,
  mask: readonly (keyof WebhookFields)[],
  caller: Caller,
): Partial<Webhook> {
  const owners = mask.includes('owners') ? ownersFor(caller, fields.owners) : [];
  const names = mask.filter(name => name !== 'enabled' && name !== 'owners');
  // The address of others is neither read nor sealed again.
  const url = mask.includes('url') ? fields.url : 'https://unchanged.invalid';
  const all = chosen(deps, before.id, { ...fields, url });
  const kept = Object.fromEntries(names.map(name => [name, all[name]])) as Partial<Webhook>;
  return {
    ...kept,
    ...(mask.includes('url') && { host: all.host }),
    ...(mask.includes('owners') && { owners: owners.length > 0 ? owners : undefined }),
  } as Partial<Webhook>;
}
