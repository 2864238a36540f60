/** The WWW-Authenticate challenges of refusals (RFC 6750 section 3). */

import { type Reason, type Refusal, reasons, textOf } from '../../verify/verdict.ts';

/** A refusal that is to be challenged. */
export interface Challenged extends Refusal {
  /** The Authorization header that was refused. */
  header: string;
  /** The scopes that the token must have. */
  scopes?: readonly string[];
}

/** The challenge of a 401 or 403; undefined for other statuses, of which no credential helps. */
export function challengeOf(refusal: Challenged): string | undefined {
  const { reason, header, scopes = [] } = refusal;
  const { http } = reasons[reason];
  if (http === 500 || http === 429) return undefined;
  // RFC 6750 section 3.1: no error code without credentials, or with those of another scheme.
  if (reason === 'MISSING_CREDENTIALS') return bearerRealm;
  if (reason === 'MALFORMED_CREDENTIALS' && otherScheme.test(header)) return bearerRealm;
  const needed = reason === 'INSUFFICIENT_SCOPE' ? scopes : [];
  return bearerChallenge(errorOf(reason), textOf(refusal), needed);
}

/** The challenge without an error. */
export const bearerRealm = 'Bearer realm="usher"';

/** A challenge with an error code of RFC 6750, its description, and the scopes that are needed. */
export function bearerChallenge(
  error: 'invalid_request' | 'invalid_token' | 'insufficient_scope',
  description: string,
  scopes: readonly string[] = [],
): string {
  const quoted = description.replaceAll('"', "'");
  const challenge = `${bearerRealm}, error="${error}", error_description="${quoted}"`;
  return scopes.length === 0 ? challenge : `${challenge}, scope="${scopes.join(' ')}"`;
}

/** A scheme that is not Bearer, with its credentials (RFC 9110 section 11.4). */
const otherScheme = /^(?!bearer[ \t])[!#$%&'*+.^`|~\w-]+ +[^ ]/i;

function errorOf(reason: Reason) {
  if (reason === 'MALFORMED_CREDENTIALS') return 'invalid_request';
  return reasons[reason].http === 403 ? 'insufficient_scope' : 'invalid_token';
}
