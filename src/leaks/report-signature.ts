/** The signature of a report, as Standard Webhooks (standardwebhooks.com) has it: HMAC-SHA-256 and a time. */

import { createHmac, timingSafeEqual } from 'node:crypto';

/** The headers of a signed report; "" for one that is missing. */
export interface SignedHeaders {
  /** `webhook-id`. */
  id: string;
  /** `webhook-timestamp`: seconds since 1970. */
  timestamp: string;
  /** `webhook-signature`: signatures such as `v1,<base64>`, separated by spaces; one must be right. */
  signature: string;
}

/** How far the time of a report may be from the server's, in milliseconds: later it cannot be replayed. */
const reportAgeMsMax = 300_000;
/** Signatures of one report that are compared: while a secret is replaced there are two. */
const signaturesMax = 8;

/** Whether a body was signed with the secret, within five minutes of `now` (milliseconds since 1970). */
export function isSignedReport(
  secret: Uint8Array,
  { id, timestamp, signature }: SignedHeaders,
  body: Uint8Array,
  now: number,
): boolean {
  if (id === '' || !/^\d{1,12}$/.test(timestamp)) return false;
  const expected = createHmac('sha256', secret).update(`${id}.${timestamp}.`).update(body).digest();
  const isRight = signature
    .split(' ', signaturesMax)
    .some(
      each => each.startsWith('v1,') && isEqual(Buffer.from(each.slice(3), 'base64'), expected),
    );
  return isRight && Math.abs(now - Number(timestamp) * 1000) <= reportAgeMsMax;
}

function isEqual(some: Buffer, other: Buffer): boolean {
  return some.length === other.length && timingSafeEqual(some, other);
}
