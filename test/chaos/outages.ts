/** Measures for how long a door gave no verdict on good tokens. */

import type { Asked } from '../model/load.ts';

/** The verdicts on good tokens, door by door. Times are of `performance.now()`. */
export interface Outages {
  onAsked(asked: Asked): void;
  /** Starts a measurement. */
  begin(): void;
  /** Longest time without a verdict since `begin`, at the doors whose names match, in ms. */
  longestMs(doors: RegExp): number;
  /** Whether every door has given a verdict since then. */
  haveAllAnsweredSince(ms: number): boolean;
}

/** Starts to record. */
export function recordOutages(): Outages {
  const lastMs = new Map<string, number>();
  const longest = new Map<string, number>();
  let beganMs = performance.now();
  return {
    onAsked({ door, endedMs, isAnswered, isGood }) {
      if (!isAnswered || !isGood) {
        lastMs.set(door, lastMs.get(door) ?? beganMs);
        return;
      }
      const withoutMs = endedMs - Math.max(beganMs, lastMs.get(door) ?? beganMs);
      longest.set(door, Math.max(longest.get(door) ?? 0, withoutMs));
      lastMs.set(door, endedMs);
    },
    begin() {
      beganMs = performance.now();
      longest.clear();
    },
    longestMs: doors =>
      Math.max(0, ...[...longest].filter(([door]) => doors.test(door)).map(([, ms]) => ms)),
    haveAllAnsweredSince: ms => [...lastMs.values()].every(lastMs => lastMs > ms),
  };
}
