/** Counts what peers do at this server's cost. The counters fall with time alone. */

import { ConnectionError, errorCodes } from './frame.ts';
import type { Abuse, Rate } from './limits.ts';

interface Level {
  value: number;
  atMs: number;
}

/** The counters of one connection. */
export class Budgets {
  readonly #rates: Readonly<Record<Abuse, Rate>>;
  readonly #levels = new Map<Abuse, Level>();
  readonly #nowMs: () => number;

  /** `nowMs` is a clock that never runs backwards. */
  constructor(rates: Readonly<Record<Abuse, Rate>>, nowMs: () => number) {
    this.#rates = rates;
    this.#nowMs = nowMs;
  }

  /**
   * Counts one. Throws ConnectionError with ENHANCE_YOUR_CALM when it happens more often than allowed
   * (RFC 9113 section 10.5).
   */
  spend(abuse: Abuse): void {
    const { burst, perSecond } = this.#rates[abuse];
    const nowMs = this.#nowMs();
    let level = this.#levels.get(abuse);
    if (level === undefined) {
      level = { value: 0, atMs: nowMs };
      this.#levels.set(abuse, level);
    }
    level.value = 1 + Math.max(0, level.value - ((nowMs - level.atMs) * perSecond) / 1000);
    level.atMs = nowMs;
    if (level.value <= burst) return;
    throw new ConnectionError(errorCodes.enhanceYourCalm, 'flood', `too many ${abuse}`);
  }
}
