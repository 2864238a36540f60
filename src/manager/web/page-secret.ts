/**
 * The page secret in this browser, without which the session's cookie opens nothing. It is in
 * `localStorage`, which all tabs of this origin share, and no program on another port can read.
 */

import { pageSecretHeader } from '../page-secret.ts';

const storageKey = 'usher-page-secret';

/** The headers that a request to this server needs besides the cookie; none without a session. */
export function sessionHeaders(): Record<string, string> {
  const pageSecret = localStorage.getItem(storageKey);
  return pageSecret === null ? {} : { [pageSecretHeader]: pageSecret };
}

/** Stores the page secret of a new session. */
export function keepPageSecret(pageSecret: string): void {
  localStorage.setItem(storageKey, pageSecret);
}

/** Forgets the page secret, in all tabs. */
export function dropPageSecret(): void {
  localStorage.removeItem(storageKey);
}

/** Calls `listen` when another tab signs in or out; returns a function that stops this. */
export function onOtherTab(listen: (isSignedIn: boolean) => void): () => void {
  const hear = ({ key, newValue }: StorageEvent) => {
    if (key === storageKey) listen(newValue !== null);
  };
  window.addEventListener('storage', hear);
  return () => window.removeEventListener('storage', hear);
}
