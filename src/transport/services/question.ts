/** Validates a VerifyRequest and converts it to the verifier's question. */

import type { VerifyRequest } from '../../gen/usher/v1/verifier_pb.ts';
import { invalid } from '../../tokens/fields.ts';
import type { Question } from '../../verify/verify.ts';
import { joinAuthorization } from '../rpc/authorization.ts';

/** Limits of a question, as documented in verifier.proto. */
export const questionLimits = { audienceCharactersMax: 256, requiredScopesMax: 64 } as const;

/** A scope-token (RFC 6749 section 3.3): printable ASCII without space, `"` and `\`. */
export const scopeToken = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/**
 * The question in a request. Throws INVALID_ARGUMENT for an audience or scope out of bounds; `at`
 * prefixes the field's name in the error, such as "requests[3].".
 */
export function questionOf(
  request: Pick<VerifyRequest, 'header' | 'audience' | 'requiredScopes'>,
  at = '',
): Question {
  const { header, audience, requiredScopes } = request;
  if (audience.length > questionLimits.audienceCharactersMax) {
    const most = questionLimits.audienceCharactersMax;
    throw invalid(`${at}audience`, `is longer than ${most} characters`);
  }
  if (requiredScopes.length > 0) checkScopes(requiredScopes, at);
  return { header: joinAuthorization([header]), audience, requiredScopes };
}

function checkScopes(scopes: readonly string[], at: string): void {
  const most = questionLimits.requiredScopesMax;
  if (scopes.length > most) {
    throw invalid(`${at}required_scopes`, `has more than ${most} scopes`);
  }
  for (const [index, scope] of scopes.entries()) {
    if (scopeToken.test(scope)) continue;
    const why = scope === '' ? 'is empty' : 'is not a scope token of RFC 6749 section 3.3';
    throw invalid(`${at}required_scopes[${index}]`, why);
  }
}
