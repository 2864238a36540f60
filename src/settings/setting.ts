/** What a setting is. */

import { wholeNumber } from './values.ts';

/** A setting. */
export interface Setting<T> {
  /** The environment variable. */
  name: string;
  /** A name that it had before, which is still read, with a warning. */
  formerName?: string;
  /** What it is for, in a sentence without a full stop. */
  meaning: string;
  /** Which values it takes. */
  range: string;
  /** The text that stands for a variable that is not set; absent when there is no such value. */
  default?: string;
  /** What happens without a value, where there is no default. */
  without?: string;
  /** Its value is never shown, and can come from a file that `<NAME>_FILE` names. */
  secret?: true;
  /** Reads the value; throws Mistake. */
  read: (text: string) => T;
}

/** A setting that is a whole number; its unit is the last word of the name, or the one given. */
export function limit(
  name: string,
  meaning: string,
  bounds: { min: number; max: number; default: number; unit: string },
): Setting<number> {
  return {
    name,
    meaning,
    range: `${bounds.min} to ${bounds.max} ${bounds.unit}`.trim(),
    default: String(bounds.default),
    read: wholeNumber(bounds.min, bounds.max),
  };
}
