/** Changes the document of a webhook, with its entry in the audit log. */

import type { Documents } from '../store/documents.ts';
import type { Caller } from '../tokens/caller.ts';
import { TokenError } from '../tokens/errors.ts';
import { difference } from '../tokens/fields.ts';
import { visibleWebhook, webhookEvent } from './access.ts';
import { auditFieldsOf, bodyOf, type Webhook } from './webhook.ts';

/** What is changed, and by whom. */
interface Ask {
  caller: Caller;
  id: string;
  /** As AuditEvent.action. */
  action: string;
  /** Only at this revision; 0 or absent for any. */
  revision?: number;
}

/**
 * Makes a change; `make` computes the webhook after it from the one before, may run several times, and changes
 * nothing with undefined. Resolves to what is there then. Throws TokenError or Unavailable.
 */
export type ChangeWebhook = (
  ask: Ask,
  make: (before: Webhook, at: number) => Promise<Webhook | undefined> | Webhook | undefined,
) => Promise<Webhook>;

/** Most attempts at a change while others change the same webhook. */
export const changesMax = 8;

/** Creates it. `now` is in milliseconds since 1970; `onChange` is called after each change. */
export function createChangeWebhook(deps: {
  store: Pick<Documents, 'document' | 'changeDocument'>;
  now: () => number;
  onChange(): void;
}): ChangeWebhook {
  const { store, now, onChange } = deps;
  return async ({ caller, id, action, revision }, make) => {
    for (let attempt = 1; attempt <= changesMax; attempt++) {
      const before = await visibleWebhook(store, caller, id);
      if (revision && revision !== before.revision) throw stale(revision);
      const at = now();
      const made = await make(before, at);
      if (made === undefined) return before;
      const next = { ...made, updatedAt: at };
      const fields = difference(auditFieldsOf(before), auditFieldsOf(next));
      const outcome = await store.changeDocument({
        ...{ collection: 'webhooks', id: before.id, before: before.revision },
        body: bodyOf(next),
        event: webhookEvent(caller, action, before, at, fields),
      });
      if (outcome !== 'done') continue;
      onChange();
      return { ...next, revision: before.revision + 1 };
    }
    throw new TokenError('ABORTED', 'this webhook keeps changing; try again');
  };
}

function stale(revision: number): TokenError {
  return new TokenError(
    'ABORTED',
    `revision ${revision} is not the current one; read the webhook again, then repeat`,
  );
}
