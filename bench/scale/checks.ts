/** What the model predicted beside what was measured. */

/** One such pair. */
export interface Check {
  what: string;
  unit: string;
  predicted: number;
  measured: number;
}

/** By how much the prediction is off, as a share of what was measured; 0.1 is a tenth too much. */
export function deviation({ predicted, measured }: Check): number {
  return measured === 0 ? 0 : predicted / measured - 1;
}
