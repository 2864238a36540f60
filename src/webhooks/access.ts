/** Which webhooks a caller may see, and what the audit log says about what callers do with them. */

import { v4 } from 'uuid';
import type { AuditEvent } from '../store/audit.ts';
import type { Documents } from '../store/documents.ts';
import type { JsonObject } from '../store/record.ts';
import { byCaller } from '../tokens/audit-names.ts';
import type { Caller } from '../tokens/caller.ts';
import { TokenError } from '../tokens/errors.ts';
import { type Webhook, webhookOf } from './webhook.ts';

/** An event of the audit log about a webhook. */
export function webhookEvent(
  caller: Caller,
  action: string,
  { description, host }: Pick<Webhook, 'description' | 'host'>,
  time: number,
  fields: { before?: JsonObject; after?: JsonObject } = {},
): AuditEvent {
  const detail = description === '' ? host : `${description} (${host})`;
  const what = { id: v4(), time, action, ...byCaller(caller), tokenId: '' };
  return { ...what, ...fields, detail, requestId: '' };
}

/** Whether a caller may see a webhook: it is not limited, or all of the webhook's owners are its own. */
export function isVisibleTo({ owners: limited }: Caller, { owners }: Webhook): boolean {
  return limited === undefined || (owners?.every(owner => limited.includes(owner)) ?? false);
}

/** A webhook that the caller may see. Throws NOT_FOUND otherwise, or Unavailable. */
export async function visibleWebhook(
  store: Pick<Documents, 'document'>,
  caller: Caller,
  id: string,
): Promise<Webhook> {
  const found = await store.document('webhooks', id);
  const webhook = found && webhookOf(found);
  if (webhook !== undefined && isVisibleTo(caller, webhook)) return webhook;
  throw new TokenError('NOT_FOUND', `there is no webhook with id ${JSON.stringify(id)}`);
}
