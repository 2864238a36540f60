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
export const equivalents: readonly Equivalent[] = [
  {
    path: 'src/verify/verify.ts',
    line: 'if (known !== undefined) proofs.delete(key);',
    from: 'known !== undefined',
    to: 'true',
    why: 'the cache does not mind the removal of what it does not hold; the condition saves a look-up',
  },
  {
    path: 'src/verify/verify.ts',
    line: 'else if (known !== undefined) proofs.delete(key);',
    from: 'known !== undefined',
    to: 'true',
    why: 'the cache does not mind the removal of what it does not hold; the condition saves a look-up',
  },
];
