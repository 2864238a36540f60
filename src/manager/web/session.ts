/** Who is signed in, as the server says; the session itself is in a cookie that no script can read. */

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { createContext, useContext } from 'react';

/** Who is signed in. */
export interface Session {
  /** UUID of an access token, or "admin". */
  actor: string;
  owner: string;
  scopes: string[];
  /** Milliseconds since 1970. */
  expiresAt: number;
}

/** Key of the session's query. */
export const sessionKey = ['session'];
const renewMs = 5 * 60_000;

/** The session of this browser: null when nobody is signed in. Using the app keeps it alive. */
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

/** Signs in with an admin token. Resolves to what is wrong, or "" when all is well. */
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

/** Signs out, and forgets everything that was shown. Resolves to what is wrong, or "" when all is well. */
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

/** The session below the sign-in page. */
export const SessionContext = createContext<Session | undefined>(undefined);

/** Who is signed in, and what they may do. */
export function useSession() {
  const session = useContext(SessionContext);
  if (!session) throw new Error('used outside of a session');
  const mayChange = session.scopes.includes('usher.admin');
  return {
    ...session,
    mayChange,
    mayIssue: mayChange || session.scopes.includes('usher.jwts.issue'),
  };
}
