/** Whether an access token is good. */

import type { AccessTokenRecord } from '../store/record.ts';

/** States of an access token. */
export type State = 'active' | 'expired' | 'revoked';

/** Its state at a time, in milliseconds since 1970. */
export function stateOf(record: AccessTokenRecord, now: number): State {
  if (record.revokedAt !== undefined) return 'revoked';
  return record.expiresAt !== undefined && record.expiresAt <= now ? 'expired' : 'active';
}
