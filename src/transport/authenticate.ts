/** Lets callers in by the Authorization header of their call. */

import type { Authenticate, Caller } from '../tokens/caller.ts';
import { authorization, type Call } from './call.ts';
import { denialError } from './status.ts';

/** The caller of a call; throws denialError for one that is refused, and Unavailable. */
export function authenticateCall(authenticate: Authenticate): (call: Call) => Promise<Caller> {
  return async call => {
    const caller = await authenticate(authorization(call), call.peer);
    if (typeof caller === 'string') throw denialError(caller);
    return caller;
  };
}
