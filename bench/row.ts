/** A line of the table that the benchmark prints. */

/** What was measured, and what it may be. */
export interface Row {
  what: string;
  measured: string;
  bound: string;
  pass: boolean;
}
