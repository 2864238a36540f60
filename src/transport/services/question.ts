/** Validates a VerifyRequest and converts it to the verifier's question. */

import { isIP } from 'node:net';
import type { VerifyRequest } from '../../gen/usher/v1/verifier_pb.ts';
import { checkAll, invalid } from '../../tokens/faults.ts';
import { plainAddress } from '../../tokens/source.ts';
import type { Question } from '../../verify/verify.ts';
import { joinAuthorization } from '../rpc/authorization.ts';

/** Limits of a question, as documented in verifier.proto. */
export const questionLimits = {
  audienceCharactersMax: 256,
  requiredScopesMax: 64,
  sourceCharactersMax: 64,
} as const;

/** A scope-token (RFC 6749 section 3.3): printable ASCII without space, `"` and `\`. */
export const scopeToken = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/**
 * The question in a request. Throws INVALID_ARGUMENT for an audience, scope or source out of bounds; `at`
 * prefixes the field's name in the error, such as "requests[3].".
 */
export function questionOf(
  request: Pick<VerifyRequest, 'header' | 'audience' | 'requiredScopes' | 'source'>,
  at = '',
): Question {
  const { header, audience, requiredScopes, source } = request;
  const isLong = audience.length > questionLimits.audienceCharactersMax;
  if (isLong || requiredScopes.length > 0 || source !== '') {
    checkAll(
      () => checkAudience(audience, at),
      () => checkScopes(requiredScopes, at),
      () => checkSource(source, at),
    );
  }
  const question = { header: joinAuthorization([header]), audience, requiredScopes };
  return source === '' ? question : { ...question, source: plainAddress(source) };
}

function checkSource(source: string, at: string): void {
  if (source === '') return;
  const most = questionLimits.sourceCharactersMax;
  if (source.length > most) throw invalid(`${at}source`, `is longer than ${most} characters`);
  if (source.includes('%')) throw invalid(`${at}source`, 'has a zone; leave it out');
  if (isIP(source) !== 0) return;
  throw invalid(`${at}source`, 'is not an IPv4 or IPv6 address, without a port and brackets');
}

function checkAudience({ length }: string, at: string): void {
  const most = questionLimits.audienceCharactersMax;
  if (length > most) throw invalid(`${at}audience`, `is longer than ${most} characters`);
}

function checkScopes(scopes: readonly string[], at: string): void {
  const most = questionLimits.requiredScopesMax;
  if (scopes.length > most) {
    throw invalid(`${at}required_scopes`, `has more than ${most} scopes`);
  }
  checkAll(
    ...scopes.map((scope, index) => () => checkScope(scope, `${at}required_scopes[${index}]`)),
  );
}

function checkScope(scope: string, field: string): void {
  if (scopeToken.test(scope)) return;
  throw invalid(field, scope === '' ? 'is empty' : 'is not a scope token of RFC 6749 section 3.3');
}
