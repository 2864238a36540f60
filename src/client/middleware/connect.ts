/** An interceptor for servers of ConnectRPC. */

import {
  Code,
  ConnectError,
  type ContextKey,
  createContextKey,
  type Interceptor,
} from '@connectrpc/connect';
import { UsherUnavailable } from '../unavailable.ts';
import type { Requirement, Usher } from '../usher.ts';
import type { Identity, Verdict } from '../usher-verdict.ts';
import { rpcCodeOf, unknownText } from './refusal.ts';

/** Under which a handler finds who is calling: `context.values.get(identityKey)`. */
export const identityKey: ContextKey<Identity | undefined> = createContextKey<Identity | undefined>(
  undefined,
  { description: 'usher identity' },
);

/**
 * Lets calls with a good token pass, and says who is calling.
 *
 * @example
 * connectNodeAdapter({ routes, interceptors: [connectAuth(usher, { scopes: ['orders.read'] })] });
 */
export function connectAuth(usher: Usher, requirement: Requirement = {}): Interceptor {
  return next => async request => {
    let verdict: Verdict;
    try {
      // Several are joined by a comma, which no credential holds.
      verdict = await usher.verify(request.header.get('authorization'), requirement);
    } catch (error) {
      if (!(error instanceof UsherUnavailable)) throw error;
      throw new ConnectError(unknownText, Code.Unavailable);
    }
    if (!verdict.valid) throw new ConnectError(verdict.message, rpcCodeOf(verdict));
    request.contextValues.set(identityKey, verdict.identity);
    return await next(request);
  };
}
