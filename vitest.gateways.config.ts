import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/gateways/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Each file starts several gateways and servers.
    fileParallelism: false,
  },
});
