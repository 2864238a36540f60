/** Who is signed in, as the server reports it; no script can read the session's cookie itself. */

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { createContext, useContext } from 'react';

/** The signed-in caller. */
export interface Session {
  /** UUID of an access token, or "admin". */
  actor: string;
  /** The owner to whose access tokens the caller is limited; "" for no limit. */
  owner: string;
  /** The caller's scopes that begin with "usher.". */
  scopes: string[];
  /** When the session ends without further use, in milliseconds since 1970. */
  expiresAt: number;
}

/** The query key of the session. */
export const sessionKey = ['session'];
const renewMs = 5 * 60_000;

/** The session of this browser, null without one. It is renewed while the window has focus. */
export function useSessionQuery() {
  return useQuery({
    queryKey: sessionKey,
    queryFn: readSession,
    staleTime: 60_000,
    refetchOnWindowFocus: true,
    refetchInterval: () => (document.hasFocus() ? renewMs : false),
  });
}

async function readSession(): Promise<Session | null> {
  const response = await fetch('/session');
  if (response.status === 401) return null;
  if (!response.ok) throw new Error(`The server answered ${response.status}.`);
  return response.json();
}

/** Signs in with an admin token. Resolves to an error message, "" on success. */
export function useSignIn() {
  const queryClient = useQueryClient();
  return async (token: string): Promise<string> => {
    const response = await fetch('/session', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
    });
    const body = await response.json();
    if (!response.ok) return body.error ?? `The server answered ${response.status}.`;
    queryClient.setQueryData(sessionKey, body);
    return '';
  };
}

/** Signs out and drops all cached data. Resolves to an error message, "" on success. */
export function useSignOut() {
  const queryClient = useQueryClient();
  return async (): Promise<string> => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch('/session', { method: 'DELETE', headers }).catch(() => undefined);
    if (!response?.ok) {
      return 'You are still signed in: the server could not end the session. Try again.';
    }
    queryClient.setQueryData(sessionKey, null);
    queryClient.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== sessionKey[0] });
    return '';
  };
}

/** The session, for every component that is shown only after sign-in. */
export const SessionContext = createContext<Session | undefined>(undefined);

/** The signed-in caller, and what it may do. Throws outside of a SessionContext. */
export function useSession() {
  const session = useContext(SessionContext);
  if (!session) throw new Error('useSession needs a SessionContext');
  const mayChange = session.scopes.includes('usher.admin');
  return {
    ...session,
    mayChange,
    mayIssue: mayChange || session.scopes.includes('usher.jwts.issue'),
  };
}
