/** Which notices were seen in this browser. */

import { useSyncExternalStore } from 'react';

const name = 'usher.seen-notices';
/** More than are shown at a time. */
const keptMax = 300;

const listeners = new Set<() => void>();
/** What is stored, as text: it changes only when something was seen. */
function stored(): string {
  try {
    return window.localStorage.getItem(name) ?? '[]';
  } catch {
    return '[]';
  }
}

function idsIn(text: string): string[] {
  try {
    const ids: unknown = JSON.parse(text);
    return Array.isArray(ids) ? ids.filter(id => typeof id === 'string') : [];
  } catch {
    return [];
  }
}

/** The ids of the notices that were seen, in any tab, and a function that adds some. */
export function useSeen(): [ReadonlySet<string>, (ids: readonly string[]) => void] {
  const text = useSyncExternalStore(listen, stored);
  return [new Set(idsIn(text)), add];
}

function listen(changed: () => void): () => void {
  listeners.add(changed);
  window.addEventListener('storage', changed);
  return () => {
    listeners.delete(changed);
    window.removeEventListener('storage', changed);
  };
}

function add(ids: readonly string[]): void {
  const all = [...new Set([...idsIn(stored()), ...ids])].slice(-keptMax);
  try {
    window.localStorage.setItem(name, JSON.stringify(all));
  } catch {
    // Without storage, everything counts as new.
  }
  for (const changed of listeners) changed();
}
