/** The headers by which every gateway's door tells an upstream who calls. */

import type { Identity } from '../../verify/verdict.ts';

/** Their names, in the order that they are sent. */
export const identityHeaderNames = [
  'x-usher-token-id',
  'x-usher-kind',
  'x-usher-owner',
  'x-usher-subject',
  'x-usher-scopes',
  'x-usher-revision',
] as const;

/** Longest value, once it is encoded; a longer one is left out, since half a name is another name. */
export const identityValueBytesMax = 4096;

/** A header's name and value. */
export type IdentityHeader = readonly [name: (typeof identityHeaderNames)[number], value: string];

/**
 * All of the headers; "" stands for one that must not reach the upstream. What is not printable
 * ASCII in a value is percent-encoded as UTF-8, and so are "%" and spaces at either end, so that
 * `decodeURIComponent` gives the value back; scopes are separated by spaces.
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

/** RFC 6749 lets no space or quote into a scope; one that has it must not look like two. */
function scopeValue(scope: string): string {
  if (plainScope.test(scope)) return scope;
  return scope.toWellFormed().replace(/[^!-~]+|%/gu, encodeURIComponent);
}

function bounded(value: string): string {
  return value.length <= identityValueBytesMax ? value : '';
}
