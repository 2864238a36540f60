/** Mutants that no test can notice, since the changed code does the same. Each has its reason. */

/** A change that changes nothing. */
export interface Equivalent {
  path: string;
  /** The line in which the changed part begins, without its indentation. */
  line: string;
  /** The changed part and what takes its place, as the command prints them. */
  from: string;
  to: string;
  /** Why the code does the same. */
  why: string;
}

/** All of them, by file. */
export const equivalents: readonly Equivalent[] = [];
