/** A line of the table that the benchmark prints. */

import type { Cost } from './load.ts';

/** What was measured, and what it may be. */
export interface Row {
  what: string;
  measured: string;
  /** Absent for what is only shown. */
  bound?: string;
  /** Absent for what is only shown. */
  pass?: boolean;
  /** What calls cost here, where there were any. */
  cost?: Cost;
  /** What they cost on what Usher is compared with, in the same run. */
  floor?: Cost;
  /** Every single value, in ascending order, for a chart of them. */
  values?: readonly number[];
}

/** A ratio of CPU time and its bound, as a row. */
export function ratioRow(
  what: string,
  { ours, floor, ratio }: { ours: Cost; floor: Cost; ratio: number },
  ratioMax: number,
): Row {
  return {
    what,
    measured: `${ratio.toFixed(2)} x (${us(ours)} against ${us(floor)} µs)`,
    bound: `at most ${ratioMax.toFixed(2)} x`,
    pass: ratio <= ratioMax,
    cost: ours,
    floor,
  };
}

/** A cost without a bound, as a row. */
export function costRow(what: string, cost: Cost): Row {
  return { what, measured: `${us(cost)} µs`, cost };
}

/** A number that may not be above its bound, as a row. */
export function atMost(what: string, value: number, bound: number, unit: string, digits = 0): Row {
  return {
    what,
    measured: `${value.toFixed(digits)} ${unit}`,
    bound: `at most ${bound} ${unit}`,
    pass: value <= bound,
  };
}

/** The middle one of some values. */
export function median(values: readonly number[]): number {
  return quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  );
}

/** The value below which such a share of the sorted values lies. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function us({ cpuUs }: Cost): string {
  return cpuUs.toFixed(cpuUs < 10 ? 2 : 0);
}
