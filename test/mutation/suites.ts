/** What is mutated, which tests must notice, and how many they must notice at least. */

/** Code, and the tests that stand for it. */
export interface MutationSuite {
  /** Files whose code is changed, as glob patterns; `!` excludes. */
  mutate: readonly string[];
  /** Test files that are run, as glob patterns. None of them may start a process. */
  tests: readonly string[];
  /** Where the tests run: threads start faster, but the embedded store needs a process. */
  pool: 'threads' | 'forks';
  /** Percent of the mutants that must be noticed. */
  floor: number;
}

/** By the name that the command takes. */
export const suites: Readonly<Record<string, MutationSuite>> = {
  verify: {
    mutate: ['src/verify/*.ts'],
    tests: ['test/verify/*.test.ts'],
    pool: 'threads',
    floor: 95,
  },
  tokens: {
    mutate: ['src/tokens/*.ts'],
    tests: ['test/tokens/*.test.ts'],
    pool: 'forks',
    floor: 90,
  },
  h2: {
    mutate: ['src/transport/h2/**/*.ts'],
    // h2spec is a program.
    tests: ['test/transport/h2/!(h2spec).test.ts', 'test/transport/h2/hpack/*.test.ts'],
    pool: 'threads',
    floor: 85,
  },
};
