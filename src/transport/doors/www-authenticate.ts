/** The WWW-Authenticate challenge of a refusal (RFC 6750 section 3). */

import { type Reason, type Refusal, reasons, textOf } from '../../verify/verdict.ts';

/** The challenge of a 401 or 403; undefined for other statuses. `scopes` are the required ones. */
export function challengeOf(refusal: Refusal, scopes: readonly string[] = []): string | undefined {
  const { reason } = refusal;
  if (reasons[reason].http === 500) return undefined;
  // RFC 6750 section 3.1: no error code without credentials.
  if (reason === 'MISSING_CREDENTIALS') return realm;
  const description = textOf(refusal).replaceAll('"', "'");
  const challenge = `${realm}, error="${errorOf(reason)}", error_description="${description}"`;
  if (reason !== 'INSUFFICIENT_SCOPE' || scopes.length === 0) return challenge;
  return `${challenge}, scope="${scopes.join(' ')}"`;
}

const realm = 'Bearer realm="usher"';

function errorOf(reason: Reason): string {
  if (reason === 'MALFORMED_CREDENTIALS') return 'invalid_request';
  return reasons[reason].http === 403 ? 'insufficient_scope' : 'invalid_token';
}
