/** Signatures and secrets by Standard Webhooks 1.0 (https://www.standardwebhooks.com). */

import { createHmac, randomBytes } from 'node:crypto';

const prefix = 'whsec_';

/** A new secret: `whsec_` and the base64 of 32 random bytes. */
export function makeWebhookSecret(): string {
  return prefix + randomBytes(32).toString('base64');
}

/** What is signed. */
export interface Message {
  /** The value of `webhook-id`. */
  id: string;
  /** When it is sent, in milliseconds since 1970. */
  time: number;
  payload: string;
}

/** The headers of a message: its signature by each secret, which are those that are valid now. */
export function webhookHeaders(
  { id, time, payload }: Message,
  secrets: readonly string[],
): Record<string, string> {
  const seconds = String(Math.floor(time / 1000));
  const signatures = secrets.map(secret => {
    const key = Buffer.from(secret.slice(prefix.length), 'base64');
    const mac = createHmac('sha256', key).update(`${id}.${seconds}.${payload}`).digest('base64');
    return `v1,${mac}`;
  });
  return {
    'webhook-id': id,
    'webhook-timestamp': seconds,
    'webhook-signature': signatures.join(' '),
  };
}
