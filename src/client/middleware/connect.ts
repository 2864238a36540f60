/** An interceptor for ConnectRPC servers. */

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
import type { SourceOption } from './express.ts';
import { retryAfterOf, rpcCodeOf, unknownText } from './refusal.ts';

/** The used part of a request. */
type ConnectRequest = Parameters<Parameters<Interceptor>[0]>[0];

/** The key by which handlers get the caller: `context.values.get(identityKey)`. */
export const identityKey: ContextKey<Identity | undefined> = createContextKey<Identity | undefined>(
  undefined,
  { description: 'usher identity' },
);

/**
 * Lets calls with a valid token pass, and sets the caller under `identityKey`. Others fail with
 * Unauthenticated, PermissionDenied, ResourceExhausted or Internal, or Unavailable when there is no
 * verdict. ConnectRPC does not know the client's address: `source` finds it, for example among the
 * context values of the adapter.
 *
 * @example
 * connectNodeAdapter({ routes, interceptors: [connectAuth(usher, { scopes: ['orders.read'] })] });
 */
export function connectAuth(
  usher: Usher,
  requirement: Requirement = {},
  { source = () => undefined }: SourceOption<ConnectRequest> = {},
): Interceptor {
  return next => async request => {
    let verdict: Verdict;
    try {
      // Repeated ones are joined by a comma, which no credential contains.
      const options = { ...requirement, source: source(request) };
      verdict = await usher.verify(request.header.get('authorization'), options);
    } catch (error) {
      if (!(error instanceof UsherUnavailable)) throw error;
      throw new ConnectError(unknownText, Code.Unavailable);
    }
    if (!verdict.valid) {
      throw new ConnectError(verdict.message, rpcCodeOf(verdict), retryAfterOf(verdict));
    }
    request.contextValues.set(identityKey, verdict.identity);
    return await next(request);
  };
}
