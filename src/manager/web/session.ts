/** Who is signed in, as the server reports it; no script can read the session's cookie itself. */

import { type QueryClient, useQuery, useQueryClient } from '@tanstack/react-query';
import { createContext, useContext, useEffect, useRef, useState } from 'react';
import { dropPageSecret, keepPageSecret, onOtherTab, sessionHeaders } from './page-secret.ts';
import { dropGuards } from './ui/leave-guard.ts';

/** The signed-in caller. */
export interface Session {
  /** UUID of an access token, "person:" and the id of a person, or "admin". */
  actor: string;
  /** What people call it. */
  name: string;
  /** The owners to whose access tokens the caller is limited; absent for no limit. */
  owners?: string[];
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
  const queryClient = useQueryClient();
  useEffect(
    () =>
      onOtherTab(isSignedIn => {
        if (isSignedIn) void queryClient.invalidateQueries({ queryKey: sessionKey });
        else startAgain();
      }),
    [queryClient],
  );
  return useQuery({
    queryKey: sessionKey,
    queryFn: readSession,
    staleTime: 60_000,
    refetchOnWindowFocus: true,
    refetchInterval: () => (document.hasFocus() ? renewMs : false),
  });
}

/**
 * The session whose pages are shown: the last one of this page. It also stays when it has ended, so
 * that no form is emptied, until the same caller signs in again. Another caller gets a page of its
 * own, which knows nothing of this one.
 */
export function useShownSession(current: Session | null | undefined): Session | undefined {
  const [shown, setShown] = useState<Session>();
  const isOther = current && shown && current.actor !== shown.actor;
  if (current && current !== shown && !isOther) setShown(current);
  useEffect(() => {
    if (isOther) startAgain();
  }, [isOther]);
  useRightsOf(shown);
  return shown;
}

/** Reads everything again once the caller may see more or less than before. */
function useRightsOf(session: Session | undefined): void {
  const queryClient = useQueryClient();
  const rights = session && JSON.stringify([session.scopes, session.owners]);
  const before = useRef(rights);
  useEffect(() => {
    if (before.current !== undefined && before.current !== rights) readAgain(queryClient);
    before.current = rights;
  }, [queryClient, rights]);
}

/** Reads again whatever the page shows, but the session. */
function readAgain(queryClient: QueryClient): void {
  void queryClient.invalidateQueries({
    predicate: ({ queryKey }) => queryKey[0] !== sessionKey[0],
  });
}

/** Loads the page again, which then knows nothing of what it held. */
function startAgain(): void {
  dropGuards();
  window.location.reload();
}

async function readSession(): Promise<Session | null> {
  const response = await fetch('/session', { headers: sessionHeaders() });
  if (response.status === 401) return null;
  if (!response.ok) throw new Error(`The server answered ${response.status}.`);
  return response.json();
}

/** What a sign-in came to. */
export interface SignInAnswer {
  /** The HTTP status. */
  status: number;
  /** An error message; "" on success. */
  problem: string;
}

/** What `POST /session` takes: one of these. */
export type SignInOffer =
  | { token: string }
  | { code: string }
  | { invitation: string }
  | { passkey: object };

/** Signs in with an admin token, or with the code of a login link. Rejects without an answer. */
export function useSignIn() {
  const queryClient = useQueryClient();
  return async (offered: SignInOffer): Promise<SignInAnswer> => {
    const response = await fetch('/session', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(offered),
    });
    const { pageSecret, error, ...session } = await response.json();
    const { status } = response;
    if (!response.ok) return { status, problem: error ?? `The server answered ${status}.` };
    keepPageSecret(pageSecret);
    // A read of the session from before would say that there is none.
    await queryClient.cancelQueries({ queryKey: sessionKey });
    queryClient.setQueryData<Session>(sessionKey, session);
    // What was read since the last session ended has failed.
    readAgain(queryClient);
    return { status, problem: '' };
  };
}

/**
 * Signs out and reloads the page, which then holds no data, or leaves it for the provider, which ends its
 * own session. Resolves to an error message if it fails.
 */
export async function signOut(): Promise<string> {
  const headers = { 'content-type': 'application/json', ...sessionHeaders() };
  const response = await fetch('/session', { method: 'DELETE', headers }).catch(() => undefined);
  if (!response?.ok) {
    return 'You are still signed in: the server could not end the session. Try again.';
  }
  const { providerUrl } = (await response.json()) as { providerUrl?: string };
  dropPageSecret();
  dropGuards();
  if (providerUrl === undefined) window.location.reload();
  else window.location.assign(providerUrl);
  return '';
}

/** The session, for every component that is shown only after sign-in. */
export const SessionContext = createContext<Session | undefined>(undefined);

/** The signed-in caller, and what it may do. Throws outside of a SessionContext. */
export function useSession() {
  const session = useContext(SessionContext);
  if (!session) throw new Error('useSession needs a SessionContext');
  const isAdmin = session.scopes.includes('usher.admin');
  const may = (scope: string) => isAdmin || session.scopes.includes(scope);
  return {
    ...session,
    mayChange: may('usher.tokens.write'),
    mayIssue: may('usher.jwts.issue'),
    /** Whether it sees access tokens; otherwise the audit log alone. */
    mayRead: may('usher.tokens.read'),
    /** Whether it may use what is for administrators alone. */
    isAdmin,
    /** Whether it may see and change people. */
    mayManagePeople: isAdmin && session.owners === undefined,
  };
}
