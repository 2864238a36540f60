/** The rows of the tables that the benchmark prints. */

import type { Cost } from './load.ts';

/** A program of the table of engines. */
export type Column = 'grpc-js' | 'h2' | 'grpc-go' | 'tonic';

/** A measurement and its bound. */
export interface Row {
  /** What was measured. */
  what: string;
  /** The value, with its unit. */
  measured: string;
  /** The bound, with its unit; absent if there is none. */
  bound?: string;
  /** Whether the bound is met; absent if there is none. */
  pass?: boolean;
  /** The cost of a call, if calls were measured. */
  cost?: Cost;
  /** The cost of a call on the floor, which Usher is compared with, in the same run. */
  floor?: Cost;
  /** All single values, in ascending order, for a chart. */
  values?: readonly number[];
  /** What each program of the table of engines needed in each round. */
  programs?: { unit: string; rounds: Partial<Record<Column, readonly number[]>> };
}

/** A row for a ratio of CPU time, with its bound. */
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

/** A row for a cost without a bound. */
export function costRow(what: string, cost: Cost): Row {
  return { what, measured: `${us(cost)} µs`, cost };
}

/** A row for a number with an upper bound. */
export function atMost(what: string, value: number, bound: number, unit: string, digits = 0): Row {
  return {
    what,
    measured: `${value.toFixed(digits)} ${unit}`,
    bound: `at most ${bound} ${unit}`,
    pass: value <= bound,
  };
}

/** The median of some values. */
export function median(values: readonly number[]): number {
  return quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  );
}

/** The quantile of values in ascending order; `share` is from 0 to 1. NaN without values. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function us({ cpuUs }: Cost): string {
  return cpuUs.toFixed(cpuUs < 10 ? 2 : 0);
}
