/** Builds a service's answers to refused requests, with the verdict's status and text. */

import type { Refused } from '../usher-verdict.ts';

/** An HTTP response. The body is `{"error": "<text>"}`. */
export interface Refusal {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** The response to a refused token, which `header` held. */
export function refusalOf(refused: Refused, header: string): Refusal {
  const { httpStatus, message } = refused;
  return refusal(httpStatus, message, {
    ...challengeOf(refused, header),
    ...retryAfterOf(refused),
  });
}

/** The Retry-After header of a token that is over its limit, in whole seconds; nothing for others. */
export function retryAfterOf({ retryAfterMs }: Refused): Record<string, string> {
  if (retryAfterMs === undefined) return {};
  return { 'Retry-After': String(Math.max(1, Math.ceil(retryAfterMs / 1000))) };
}

/** The error text when there is no verdict. */
export const unknownText = 'the token cannot be verified now; try again';

/** The response when there is no verdict: 503. */
export function unknownRefusal(): Refusal {
  return refusal(503, unknownText, { 'Retry-After': '1' });
}

/** Status codes, which have the same numbers in gRPC and Connect. */
export const rpcCodes = {
  permissionDenied: 7,
  resourceExhausted: 8,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
};

/** The status code for a refused token. */
export function rpcCodeOf({ httpStatus }: Refused): number {
  if (httpStatus === 403) return rpcCodes.permissionDenied;
  if (httpStatus === 429) return rpcCodes.resourceExhausted;
  return httpStatus === 401 ? rpcCodes.unauthenticated : rpcCodes.internal;
}

function refusal(status: number, error: string, headers: Record<string, string>): Refusal {
  const body = JSON.stringify({ error });
  return {
    status,
    headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', ...headers },
    body,
  };
}

const realm = 'Bearer realm="usher"';

/** A scheme that is not Bearer, with its credentials (RFC 9110 section 11.4). */
const otherScheme = /^(?!bearer[ \t])[!#$%&'*+.^`|~\w-]+ +[^ ]/i;

/** The challenge; RFC 6750 section 3.1 has no error code without a token, or with another scheme. */
function challengeOf({ httpStatus, reason, message }: Refused, header: string) {
  if (httpStatus !== 401 && httpStatus !== 403) return undefined;
  const isOther = reason === 'MALFORMED_CREDENTIALS' && otherScheme.test(header);
  if (reason === 'MISSING_CREDENTIALS' || isOther) return { 'WWW-Authenticate': realm };
  const error =
    reason === 'MALFORMED_CREDENTIALS'
      ? 'invalid_request'
      : httpStatus === 403
        ? 'insufficient_scope'
        : 'invalid_token';
  const words = message.replaceAll(/["\\]/g, "'");
  return { 'WWW-Authenticate': `${realm}, error="${error}", error_description="${words}"` };
}
