/** The way to the server: Connect on this origin, with the session's cookie. */

import { Code, ConnectError, type Interceptor } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-web';
import type { QueryClient } from '@tanstack/react-query';
import { sessionKey } from './session.ts';

const deadlineMs = 15_000;

/** Makes the transport. */
export function createTransport(queryClient: QueryClient) {
  return createConnectTransport({
    baseUrl: window.location.origin,
    defaultTimeoutMs: deadlineMs,
    interceptors: [noticeEndOfSession(queryClient)],
  });
}

/** When the server does not know the caller any more, the session is asked for anew: it has ended. */
function noticeEndOfSession(queryClient: QueryClient): Interceptor {
  return next => async request => {
    try {
      return await next(request);
    } catch (error) {
      if (ConnectError.from(error).code === Code.Unauthenticated) {
        void queryClient.invalidateQueries({ queryKey: sessionKey });
      }
      throw error;
    }
  };
}
