import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // These start real gateways, which scripts/setup-gateways.sh brings: npm run test:gateways.
    exclude: ['test/gateways/**'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
