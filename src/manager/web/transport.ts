/** The connection to the server: Connect on this origin, with the session of this browser. */

import { Code, ConnectError, type Interceptor } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-web';
import type { QueryClient } from '@tanstack/react-query';
import { sessionHeaders } from './page-secret.ts';
import { sessionKey } from './session.ts';

const deadlineMs = 15_000;

/** Creates the transport; every call has a deadline of 15 s. */
export function createTransport(queryClient: QueryClient) {
  return createConnectTransport({
    baseUrl: window.location.origin,
    defaultTimeoutMs: deadlineMs,
    interceptors: [noticeEndOfSession(queryClient), showSession],
  });
}

/** Adds what the session needs besides the cookie. */
const showSession: Interceptor = next => request => {
  for (const [name, value] of Object.entries(sessionHeaders())) request.header.set(name, value);
  return next(request);
};

/** After an Unauthenticated error the session is read again, so that the sign-in page is shown. */
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
