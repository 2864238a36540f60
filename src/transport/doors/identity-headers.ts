/** The headers in which gateways pass the caller's identity to an upstream. */

import type { Identity } from '../../verify/verdict.ts';

/** The header names, in the order of sending. */
export const identityHeaderNames = [
  'x-usher-token-id',
  'x-usher-kind',
  'x-usher-owner',
  'x-usher-subject',
  'x-usher-scopes',
  'x-usher-revision',
] as const;

/** Longest encoded value; a longer one is omitted, since a truncated name is another name. */
export const identityValueBytesMax = 4096;

/** A header's name and value. */
export type IdentityHeader = readonly [name: (typeof identityHeaderNames)[number], value: string];

/**
 * All identity headers; "" stands for one that must not reach the upstream. Everything but
 * printable ASCII is percent-encoded as UTF-8, as are "%" and spaces at either end, so that
 * `decodeURIComponent` restores the value. Scopes are separated by spaces.
 */
export function identityHeaders(identity: Identity): IdentityHeader[] {
  return [
    ['x-usher-token-id', identity.tokenId],
    ['x-usher-kind', identity.kind],
    ['x-usher-owner', headerValue(identity.owner)],
    ['x-usher-subject', headerValue(identity.subject)],
    ['x-usher-scopes', bounded(identity.scopes.map(scopeValue).join(' '))],
    ['x-usher-revision', String(identity.revision)],
  ];
}

const plain = /^[!-$&-~](?:[ -$&-~]*[!-$&-~])?$/;
const plainScope = /^[!-$&-~]+$/;

function headerValue(text: string): string {
  if (text === '' || plain.test(text)) return bounded(text);
  const encoded = text.toWellFormed().replace(/[^ -~]+|%/gu, encodeURIComponent);
  return bounded(encoded.replace(/^ +| +$/g, spaces => '%20'.repeat(spaces.length)));
}

/** Encodes spaces, so that an invalid scope (RFC 6749 section 3.3) cannot look like two. */
function scopeValue(scope: string): string {
  if (plainScope.test(scope)) return scope;
  return scope.toWellFormed().replace(/[^!-~]+|%/gu, encodeURIComponent);
}

function bounded(value: string): string {
  return value.length <= identityValueBytesMax ? value : '';
}
