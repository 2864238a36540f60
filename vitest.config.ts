import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // The first need real gateways (npm run test:gateways); the other takes minutes (npm run test:promise).
    exclude: ['test/gateways/**', 'test/model/real.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Real servers on a shared machine can be too slow once; a test that fails twice is wrong.
    retry: process.env.CI ? 1 : 0,
  },
});
