/** Whether a store answers, with word to whoever wants to know of a change. */

import type { StoreHealth } from './store.ts';

/** A health that its store sets. */
export interface HealthSwitch extends StoreHealth {
  set(up: boolean): void;
}

/** Makes one. */
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
