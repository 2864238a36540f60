/** Checks the fields of a webhook that callers set. */

import { hint } from '../reading/nearest.ts';
import type { Caller } from '../tokens/caller.ts';
import { graceSecondsMax } from '../tokens/check-request.ts';
import { TokenError } from '../tokens/errors.ts';
import { checkAll, invalid } from '../tokens/faults.ts';
import { checkShownText, fieldLimits } from '../tokens/fields.ts';
import { type EventType, eventTypes } from './events.ts';

/** The fields that callers set. */
export interface WebhookFields {
  url: string;
  description: string;
  events: readonly string[];
  /** Empty for all. */
  owners: readonly string[];
  /** Empty for the default. */
  expiringDays: readonly number[];
  enabled: boolean;
}

/** The paths of an update mask, and the fields that they name. */
const maskable: Record<string, keyof WebhookFields> = {
  url: 'url',
  description: 'description',
  events: 'events',
  owners: 'owners',
  expiring_days: 'expiringDays',
  enabled: 'enabled',
};

/** The fields that an update mask names. Throws INVALID_ARGUMENT. */
export function maskOf(paths: readonly string[]): (keyof WebhookFields)[] {
  if (paths.length === 0) throw invalid('update_mask', 'names no field');
  return paths.map(path => {
    const known = Object.hasOwn(maskable, path) ? maskable[path] : undefined;
    if (known !== undefined) return known;
    const near = hint(path, Object.keys(maskable));
    throw invalid('update_mask', `names what is no field that can be changed${near}`);
  });
}

/** Limits of the fields. Lengths are in UTF-16 code units. */
const limits = {
  urlLengthMax: 2048,
  descriptionLengthMax: 256,
  ownersMax: 64,
  daysMax: 365,
  daysCountMax: 5,
} as const;

/** Days before the expiry at which `token.expiring` is sent, unless a webhook names others. */
export const expiringDaysDefault: readonly number[] = [14, 3, 1];

/** Reads an address that Usher may call. Throws an Error whose message says why it may not. */
export type ReadAddress = (url: string) => URL;

/** Throws INVALID_ARGUMENT for every field that is given and wrong. */
export function checkWebhookFields(
  { url, description, events, owners, expiringDays }: Partial<WebhookFields>,
  readAddress: ReadAddress,
): void {
  checkAll(
    () => url !== undefined && checkUrl(url, readAddress),
    () =>
      description !== undefined &&
      checkShownText('webhook.description', description, limits.descriptionLengthMax),
    () => events && checkEvents(events),
    () => owners && checkOwners(owners),
    () => expiringDays && checkDays(expiringDays),
  );
}

function checkUrl(url: string, readAddress: ReadAddress): void {
  if (url === '') throw invalid('webhook.url', 'is required');
  checkShownText('webhook.url', url, limits.urlLengthMax);
  let read: URL;
  try {
    read = readAddress(url);
  } catch (error) {
    throw invalid('webhook.url', error instanceof Error ? error.message : 'cannot be called');
  }
  if (read.hash !== '') throw invalid('webhook.url', 'has a fragment, which is never sent');
}

/** Whether a text is the name of an event that can be chosen. */
export function isEventType(name: string): name is EventType {
  return (eventTypes as readonly string[]).includes(name);
}

function checkEvents(events: readonly string[]): void {
  if (events.length === 0) throw invalid('webhook.events', 'must name at least one event');
  for (const event of events) {
    if (isEventType(event)) continue;
    const quoted = JSON.stringify(event.slice(0, 64));
    const near = hint(event, eventTypes);
    throw invalid('webhook.events', `has ${quoted}, which is no event that can be chosen${near}`);
  }
  if (new Set(events).size !== events.length) throw invalid('webhook.events', 'has an entry twice');
}

function checkOwners(owners: readonly string[]): void {
  const field = 'webhook.owners';
  if (owners.length > limits.ownersMax) {
    throw invalid(field, `has more than ${limits.ownersMax} entries`);
  }
  if (new Set(owners).size !== owners.length) throw invalid(field, 'has an entry twice');
  for (const owner of owners) {
    if (owner === '') throw invalid(field, 'has an empty entry');
    checkShownText(field, owner, fieldLimits.ownerLengthMax);
  }
}

function checkDays(days: readonly number[]): void {
  const field = 'webhook.expiring_days';
  if (days.length > limits.daysCountMax) {
    throw invalid(field, `has more than ${limits.daysCountMax} entries`);
  }
  if (new Set(days).size !== days.length) throw invalid(field, 'has an entry twice');
  if (days.every(day => Number.isInteger(day) && day >= 1 && day <= limits.daysMax)) return;
  throw invalid(field, `must be days, 1 to ${limits.daysMax}`);
}

/**
 * The owners of a webhook that the caller creates or changes; none for all. A caller that is limited to
 * owners must name some of these, unless it has one alone. Throws TokenError.
 */
export function ownersFor(caller: Caller, owners: readonly string[]): string[] {
  if (caller.owners === undefined) return [...owners];
  const allowed = caller.owners;
  if (owners.some(owner => !allowed.includes(owner))) {
    throw new TokenError(
      'PERMISSION_DENIED',
      'webhook.owners: names an owner that is not among those of the caller',
    );
  }
  if (owners.length > 0) return [...owners];
  if (allowed.length === 1) return [...allowed];
  throw invalid('webhook.owners', 'name some of the owners that you are limited to');
}

/** Throws INVALID_ARGUMENT for a grace that no secret can have, in seconds. */
export function checkGrace(seconds: number): void {
  if (Number.isInteger(seconds) && seconds >= 0 && seconds <= graceSecondsMax) return;
  throw invalid('grace', `must be whole seconds, 0 to ${graceSecondsMax} (30 days)`);
}
