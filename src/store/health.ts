/** Whether a store answers, with notification of changes. */

import type { StoreHealth } from './store.ts';

/** A health whose state its store sets. */
export interface HealthSwitch extends StoreHealth {
  /** Sets the state, and calls the listeners when it changed. */
  set(up: boolean): void;
}

/** Creates a health with its first state. */
export function healthSwitch(initially: boolean): HealthSwitch {
  let current = initially;
  const listeners = new Set<(up: boolean) => void>();
  return {
    get up() {
      return current;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    set(up) {
      if (up === current) return;
      current = up;
      for (const listener of listeners) listener(up);
    },
  };
}
