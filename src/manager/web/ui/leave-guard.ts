/**
 * Asks before a page is left that holds what would be lost: a secret that is shown once, or a form that
 * was filled in. It guards links, the Back button, reloads and the closing of the window.
 */

import { useEffect, useSyncExternalStore } from 'react';
import {
  type BrowserLocationHook,
  navigate,
  useBrowserLocation,
} from 'wouter/use-browser-location';

/** What would be lost, and what happens after "Leave". */
export interface Question {
  /** What would be lost, as a sentence. */
  text: string;
  /** Leaves. */
  leave: () => void;
}

/** What would be lost, by the component that shows it. */
const guarded = new Map<symbol, string>();
let question: Question | undefined;
const listeners = new Set<() => void>();
/** The address of the guarded page, to which a press of Back returns. */
let here = '';

function ask(next: Question | undefined): void {
  question = next;
  for (const listen of listeners) listen();
}

/** Guards the page while `text` is set, which says what would be lost. */
export function useLeaveGuard(text: string | undefined): void {
  useEffect(() => {
    if (text === undefined) return;
    const key = Symbol(text);
    guarded.set(key, text);
    here = window.location.href;
    window.addEventListener('beforeunload', prevent);
    return () => {
      guarded.delete(key);
      if (guarded.size === 0) window.removeEventListener('beforeunload', prevent);
    };
  }, [text]);
}

/** Runs `leave` now if nothing would be lost; otherwise after the user has agreed. */
export function leaveAfterAsking(leave: () => void): void {
  const [text] = guarded.values();
  if (text === undefined) leave();
  else ask({ text, leave: () => release(leave) });
}

/** The open question, if any, and a function that answers it with "Stay". */
export function useLeaveQuestion(): [Question | undefined, () => void] {
  const current = useSyncExternalStore(
    listen => {
      listeners.add(listen);
      return () => listeners.delete(listen);
    },
    () => question,
  );
  return [current, () => ask(undefined)];
}

/** The location hook of the router: it asks before another page is opened. */
export const useGuardedLocation: BrowserLocationHook = options => {
  const [path] = useBrowserLocation(options);
  return [path, navigateAfterAsking];
};

const navigateAfterAsking: typeof navigate = (to, options) => {
  const isHere = new URL(to, window.location.href).pathname === window.location.pathname;
  if (isHere) navigate(to, options);
  else leaveAfterAsking(() => navigate(to, options));
};

/** Takes all guards away: what this page holds is to be lost. */
export function dropGuards(): void {
  guarded.clear();
  window.removeEventListener('beforeunload', prevent);
  ask(undefined);
}

function release(leave: () => void): void {
  dropGuards();
  leave();
}

/** Guards the Back button. Call it before the router is rendered, which must see nothing of it. */
export function guardHistory(): void {
  window.addEventListener('popstate', stay);
}

/** Browsers show their own question for this. */
function prevent(event: BeforeUnloadEvent): void {
  event.preventDefault();
}

/** The address has changed already: it is put back before the router sees it. */
function stay(event: PopStateEvent): void {
  if (guarded.size === 0 || new URL(here).pathname === window.location.pathname) return;
  event.stopImmediatePropagation();
  const [text = ''] = guarded.values();
  window.history.pushState(null, '', here);
  ask({ text, leave: () => release(() => window.history.back()) });
}
