/** Whether a store gives what verdicts need, with notification of changes. */

import { type Degradable, degradable, type StoreHealth } from './store.ts';

/** A health whose state its store sets. */
export interface HealthSwitch extends StoreHealth {
  /** Sets why no verdict can be given; undefined when they can. */
  setFault(reason: string | undefined): void;
}

/** Creates a health with its first state: why no verdict can be given, or undefined. */
export function healthSwitch(initially: string | undefined): HealthSwitch {
  let reason = initially;
  const details = new Map<Degradable, string>();
  const listeners = new Set<() => void>();
  const changed = () => {
    for (const listener of listeners) listener();
  };
  return {
    get up() {
      return reason === undefined;
    },
    get reason() {
      return reason;
    },
    get degraded() {
      if (reason !== undefined) return [];
      return degradable.flatMap(what => {
        const detail = details.get(what);
        return detail === undefined ? [] : [{ what, detail }];
      });
    },
    degrade(what, detail) {
      if (details.get(what) === detail) return;
      if (detail === undefined) details.delete(what);
      else details.set(what, detail);
      changed();
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    setFault(next) {
      if (next === reason) return;
      reason = next;
      changed();
    },
  };
}
