/** The form of a webhook: its values, their validation, and their conversion for the API. */

import { ConnectError } from '@connectrpc/connect';
import { useEffect } from 'react';
import { BadRequestSchema } from '../../../gen/google/rpc/error_details_pb.ts';
import type { Webhook } from '../../../gen/usher/v1/webhooks_pb.ts';

/** The values as the user typed them. */
export interface WebhookForm {
  url: string;
  description: string;
  events: string[];
  /** Empty for all. */
  owners: string[];
  /** Days before the expiry, such as "14, 3, 1". */
  expiringDays: string;
}

/** The values of a new webhook, or of an existing one. */
export function formOf(webhook: Webhook | undefined, owners: readonly string[] = []): WebhookForm {
  if (webhook === undefined) {
    const events = ['token.revoked', 'token.expiring', 'token.leaked'];
    return { url: '', description: '', events, owners: [...owners], expiringDays: '14, 3, 1' };
  }
  const { url, description, events, expiringDays } = webhook;
  const days = expiringDays.join(', ');
  return { url, description, events, owners: webhook.owners, expiringDays: days };
}

/** The validation of each field: an error message, or null if the value is valid. */
export const validate = {
  url: (url: string) => (URL.canParse(url.trim()) ? null : 'Enter an address: https://…'),
  events: (events: string[]) => (events.length > 0 ? null : 'Choose at least one event.'),
  expiringDays: (text: string, { events }: WebhookForm) =>
    !events.includes('token.expiring') || daysIn(text) !== undefined
      ? null
      : 'Enter days, separated by commas: 14, 3, 1.',
};

function daysIn(text: string): number[] | undefined {
  const words = text.split(/[\s,]+/).filter(word => word !== '');
  const days = words.map(word => (/^[0-9]{1,3}$/.test(word) ? Number(word) : 0));
  const isGood = days.length > 0 && days.length <= 5 && days.every(day => day >= 1 && day <= 365);
  return isGood ? [...new Set(days)] : undefined;
}

/** The fields for the API. */
export function fieldsOf({ url, description, events, owners, expiringDays }: WebhookForm) {
  return {
    ...{ url: url.trim(), description: description.trim(), events, owners },
    expiringDays: daysIn(expiringDays) ?? [],
  };
}

/** The paths of all of them. */
export const fieldPaths = ['url', 'description', 'events', 'owners', 'expiring_days'];

const inputs: Record<string, keyof WebhookForm> = {
  'webhook.url': 'url',
  'webhook.description': 'description',
  'webhook.events': 'events',
  'webhook.owners': 'owners',
  'webhook.expiring_days': 'expiringDays',
};

/** Shows at each field what the server finds wrong with it. */
export function useServerErrors(
  form: { setErrors(errors: Partial<Record<keyof WebhookForm, string>>): void },
  error: Error | null,
): void {
  const { setErrors } = form;
  useEffect(() => {
    if (error === null) return;
    const [detail] = ConnectError.from(error).findDetails(BadRequestSchema);
    const found = detail?.fieldViolations.flatMap(({ field, description }) => {
      const input = inputs[field];
      return input === undefined ? [] : [[input, `The server: ${description}.`]];
    });
    setErrors(Object.fromEntries(found ?? []));
  }, [error, setErrors]);
}
