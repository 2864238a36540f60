/** How the mutation tests run the files that `main.ts` names. */

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: (process.env.MUTATION_TESTS ?? '').split(','),
    setupFiles: ['test/mutation/one-seed.ts'],
    testTimeout: 30_000,
  },
});
