import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/gateways/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Real servers on a shared machine can be too slow once; a test that fails twice is wrong.
    retry: process.env.CI ? 1 : 0,
    // Each file starts several gateways and servers.
    fileParallelism: false,
  },
});
