/** Where a process may open few files, the listeners leave some for the store and the manager. */

import { expect, test } from 'vitest';
import { connectionsFor, openFilesMax } from '../../src/server/descriptors.ts';
import { type Environment, readConfig } from '../../src/settings/config.ts';

const forFiles = (filesMax: number | undefined, env: Environment = {}) =>
  connectionsFor(readConfig(env), filesMax);

test('enough files change nothing', () => {
  const all = { grpc: 10_000, http: 10_000, manager: 10_000 };
  expect(forFiles(30_064)).toEqual(all);
  expect(forFiles(undefined)).toEqual(all);
  expect(forFiles(1024, { USHER_CONNECTIONS_MAX: '300' })).toEqual({
    ...{ grpc: 300, http: 300, manager: 300 },
  });
});

test('too few are divided, and the operator learns what to do', () => {
  const { said, ...shares } = forFiles(1024);
  expect(shares).toEqual({ grpc: 420, http: 420, manager: 120 });
  expect(said?.level).toBe('warn');
  expect(said?.text).toContain('may open 1024 files');
  expect(said?.text).toContain('raise the limit (ulimit -n');
  expect(forFiles(20_000).said?.level).toBe('info');
});

test.each([64, 70, 100, 256, 1024, 4096, 20_000])('of %i files some stay free', filesMax => {
  const { grpc, http, manager } = forFiles(filesMax);
  expect(Math.min(grpc, http, manager)).toBeGreaterThan(0);
  if (filesMax > 100) expect(grpc + http + manager).toBeLessThanOrEqual(filesMax - 64);
});

test('a listener that is off needs none', () => {
  expect(forFiles(1024, { USHER_GRPC_LISTEN: 'off', USHER_HTTP_LISTEN: 'off' }).manager).toBe(960);
  expect(forFiles(1024, { USHER_GRPC_LISTEN: 'off' })).toMatchObject({ http: 840, manager: 120 });
  expect(forFiles(1024, { USHER_MANAGER_LISTEN: 'off' })).toMatchObject({ grpc: 480, http: 480 });
});

test('Linux tells how many this process may open', () => {
  expect(openFilesMax()).toBeGreaterThan(100);
});
