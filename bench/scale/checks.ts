/** What the model predicted beside what was measured. */

import type { Constants } from './model.ts';

/** One such pair. */
export interface Check {
  what: string;
  unit: string;
  predicted: number;
  measured: number;
}

/** Constants, and how well they predict other sizes than that which they are from. */
export type Measured = [constants: Partial<Constants>, checks: Check[]];

/** By how much the prediction is off, as a share of what was measured; 0.1 is a tenth too much. */
export function deviation({ predicted, measured }: Check): number {
  return measured === 0 ? 0 : predicted / measured - 1;
}
