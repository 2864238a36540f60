import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { reportLeftOut } from './test/left-out.ts';
import { findLeftOut, type ProjectName, sortTests } from './test/projects.ts';

const files = sortTests();
// In CI a missing program fails the tests that need it.
const leftOut = process.env.CI ? [] : findLeftOut(files);

const maxWorkers = Math.ceil(1.5 * availableParallelism());

function project(name: ProjectName, options: object = {}) {
  const include = files
    .filter(file => file.project === name && !leftOut.some(({ path }) => path === file.path))
    .map(({ path }) => path);
  return { test: { name, include, testTimeout: 30_000, hookTimeout: 60_000, ...options } };
}

export default defineConfig({
  test: {
    retry: 0,
    // Projects run one after the other, as they use the machine differently.
    projects: [
      // A process per file would only cost time; and much of that time is spent waiting.
      project('unit', { isolate: false, maxWorkers, sequence: { groupOrder: 0 } }),
      // A test starts several processes, and each takes seconds on a busy machine. Most of the time is
      // spent waiting for them, so that two files at a time take little longer than one.
      project('servers', { testTimeout: 60_000, maxWorkers: 2, sequence: { groupOrder: 1 } }),
      // Each file starts several gateways and servers.
      project('gateways', { fileParallelism: false, sequence: { groupOrder: 2 } }),
      project('site', { testTimeout: 60_000, sequence: { groupOrder: 2 } }),
      project('promise', { testTimeout: 180_000, sequence: { groupOrder: 3 } }),
    ],
    reporters: ['default', reportLeftOut(leftOut)],
    passWithNoTests: leftOut.length > 0,
  },
});
