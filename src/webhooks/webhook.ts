/** A webhook, as its document has it. Its address and its secrets are encrypted with a master key. */

import type { ChainHead } from '../store/audit.ts';
import type { StoredDocument } from '../store/documents.ts';
import type { JsonObject } from '../store/record.ts';
import { Unavailable } from '../store/store.ts';
import type { MasterKeys, Sealed } from '../verify/master-keys.ts';
import type { EventType } from './events.ts';

/** A secret of a webhook. */
interface SealedSecret extends Sealed {
  /** Until when it signs, in milliseconds since 1970; absent for the current one. */
  goodUntil?: number;
}

/** Where the audit log is followed from. */
export interface LogPlace {
  /** Sequence number of the last entry before it; 0 for the start of the log. */
  sequence: number;
  /** Hash of that entry. */
  hash: string;
}

/** A webhook. Times are in milliseconds since 1970. */
export interface Webhook {
  /** UUID. */
  id: string;
  /** Of its document. */
  revision: number;
  /** Its address, encrypted. */
  url: Sealed;
  /** The host and port of its address, for texts. */
  host: string;
  description: string;
  events: EventType[];
  /** Absent for all. */
  owners?: string[];
  /** Days before the expiry. */
  expiringDays: number[];
  enabled: boolean;
  /** Why Usher disabled it; absent otherwise. */
  disabledReason?: string;
  /** When it was enabled last. */
  enabledAt: number;
  /** The end of the audit log then: what was before is not sent. */
  since: ChainHead;
  /** The current one first, then a former one. */
  secrets: SealedSecret[];
  createdAt: number;
  updatedAt: number;
  /** As AuditEvent.actor. */
  createdBy: string;
}

/** The webhook of a document. */
export function webhookOf({ id, revision, body }: StoredDocument): Webhook {
  return { ...(body as unknown as Omit<Webhook, 'id' | 'revision'>), id, revision };
}

/** The content of its document. */
export function bodyOf({ id: _id, revision: _revision, ...body }: Webhook): JsonObject {
  return JSON.parse(JSON.stringify(body)) as JsonObject;
}

/** What the audit log says about it: neither its address nor its secrets. */
export function auditFieldsOf(webhook: Webhook): JsonObject {
  const { id, host, description, events, owners, expiringDays, enabled, disabledReason } = webhook;
  const former = webhook.secrets[1]?.goodUntil;
  return JSON.parse(
    JSON.stringify({
      ...{ id, host, description, events, owners, expiringDays, enabled, disabledReason },
      formerSecretUntil: former,
    }),
  ) as JsonObject;
}

const urlContext = (id: string) => `webhook-url/${id}`;
const secretContext = (id: string) => `webhook-secret/${id}`;

/** Encrypts an address or a secret of a webhook. */
export function sealUrl(keys: MasterKeys, id: string, url: string): Sealed {
  return keys.seal(url, urlContext(id));
}

/** The same for a secret. */
export function sealSecret(keys: MasterKeys, id: string, secret: string): Sealed {
  return keys.seal(secret, secretContext(id));
}

/** Its address. Throws Unavailable when its master key is not listed. */
export function urlOf(keys: MasterKeys, { id, url }: Webhook): string {
  return keys.open(url, urlContext(id));
}

/** The secrets that sign now. Throws Unavailable as above. */
export function secretsOf(keys: MasterKeys, { id, secrets }: Webhook, now: number): string[] {
  return secrets
    .filter(({ goodUntil = Number.POSITIVE_INFINITY }) => goodUntil > now)
    .map(secret => keys.open(secret, secretContext(id)));
}

/** Whether a secret is the current one; false, too, where the current one's master key is not listed. */
export function isCurrentSecret(
  keys: MasterKeys,
  { id, secrets: [current] }: Webhook,
  secret: string,
): boolean {
  try {
    return current !== undefined && keys.open(current, secretContext(id)) === secret;
  } catch (error) {
    if (error instanceof Unavailable) return false;
    throw error;
  }
}

/**
 * The webhook with all that is encrypted under the first master key, and without a former secret whose
 * time is over; undefined when it is like that already. What cannot be decrypted stays.
 */
export function resealed(keys: MasterKeys, webhook: Webhook, now: number): Webhook | undefined {
  const { id, url } = webhook;
  const again = <S extends Sealed>(sealed: S, context: string): S => {
    if (sealed.masterKeyId === keys.currentId) return sealed;
    try {
      return { ...sealed, ...keys.seal(keys.open(sealed, context), context) };
    } catch (error) {
      if (error instanceof Unavailable) return sealed;
      throw error;
    }
  };
  const next = {
    ...webhook,
    url: again(url, urlContext(id)),
    secrets: webhook.secrets
      .filter(({ goodUntil = Number.POSITIVE_INFINITY }) => goodUntil > now)
      .map(secret => again(secret, secretContext(id))),
  };
  const isSame =
    next.url === url &&
    next.secrets.length === webhook.secrets.length &&
    next.secrets.every((secret, n) => secret === webhook.secrets[n]);
  return isSame ? undefined : next;
}

/** The content of a webhook's document under the first master key; undefined when it is. */
export function webhookSeals(keys: MasterKeys, now: () => number) {
  return (document: StoredDocument): JsonObject | undefined => {
    const next = resealed(keys, webhookOf(document), now());
    return next && bodyOf(next);
  };
}

/** Whether a webhook gets an event about an access token of this owner; undefined for none. */
export function wants(
  { events, owners }: Pick<Webhook, 'events' | 'owners'>,
  type: EventType,
  owner: string | undefined,
): boolean {
  if (!events.includes(type)) return false;
  return owners === undefined || (owner !== undefined && owners.includes(owner));
}
