/** The state of an access token. */

import type { AccessTokenRecord } from '../store/record.ts';

/** A revoked access token is `revoked`, even when it has expired too. */
export type State = 'active' | 'expired' | 'revoked';

/** The state at a time in milliseconds since 1970. */
export function stateOf(
  record: { [K in 'revokedAt' | 'expiresAt']?: AccessTokenRecord[K] | undefined },
  now: number,
): State {
  if (record.revokedAt !== undefined) return 'revoked';
  return record.expiresAt !== undefined && record.expiresAt <= now ? 'expired' : 'active';
}
