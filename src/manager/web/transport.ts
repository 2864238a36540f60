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
    interceptors: [noticeChangedRights(queryClient), showSession],
  });
}

/** Adds what the session needs besides the cookie. */
const showSession: Interceptor = next => request => {
  for (const [name, value] of Object.entries(sessionHeaders())) request.header.set(name, value);
  return next(request);
};

/** Errors after which the session is read again: it has ended, or its caller has fewer rights than the page knows. */
const telling = [Code.Unauthenticated, Code.PermissionDenied];

/** After these the sign-in page is shown, or what the caller may do now. */
function noticeChangedRights(queryClient: QueryClient): Interceptor {
  return next => async request => {
    try {
      return await next(request);
    } catch (error) {
      if (telling.includes(ConnectError.from(error).code)) {
        void queryClient.invalidateQueries({ queryKey: sessionKey });
      }
      throw error;
    }
  };
}
