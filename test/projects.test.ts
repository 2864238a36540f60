/** Each test file is in one project, by what it needs, and the run lists those that it leaves out. */

import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { importsOf } from './imports.ts';
import { leftOutText } from './left-out.ts';
import { lineOf, programNames } from './programs.ts';
import { findLeftOut, sortTests } from './projects.ts';

const files = sortTests();
const find = (path: string) => files.find(file => file.path === path);

test.each([
  ['test/verify/claims.test.ts', 'unit', []],
  ['test/store/lmdb/store.test.ts', 'unit', []],
  ['test/server/lmdb/crash.test.ts', 'servers', []],
  ['test/store/redis/store.test.ts', 'servers', ['redis-server']],
  ['test/server/browser.test.ts', 'servers', ['chromium']],
  ['test/gateways/envoy-failure.test.ts', 'gateways', expect.arrayContaining(['envoy', 'nginx'])],
  ['test/site/browser.test.ts', 'site', ['chromium']],
  ['test/model/real.test.ts', 'promise', ['redis-server']],
  ['test/chaos/chaos.test.ts', 'promise', ['redis-server']],
])('%s', (path, project, needs) => {
  expect(find(path)).toEqual({ path, project, needs });
});

test('a file that starts a program names it', () => {
  const silent = globSync('test/**/*.ts').filter(path => {
    const text = readFileSync(path, 'utf8');
    return importsOf(path, text).includes('test/program.ts') && !/\bprogram\('[a-z]/.test(text);
  });
  expect(silent).toEqual([]);
});

test('every program is needed by a test', () => {
  const needed = new Set(files.flatMap(({ needs }) => needs));
  expect(programNames.filter(name => !needed.has(name))).toEqual([]);
});

test('the line that is printed for a missing program installs it', () => {
  const installs = (name: (typeof programNames)[number]) => {
    const script = lineOf(name).split(' ').at(-2) ?? '';
    return new RegExp(`\\b${name}\\b`).test(readFileSync(script, 'utf8'));
  };
  expect(programNames.filter(name => !installs(name))).toEqual([]);
});

test('a file that needs no program is not left out', () => {
  const known = files.filter(({ needs }) => needs.length === 0);
  expect(findLeftOut(known)).toEqual([]);
});

test('files that are left out are listed with their programs and how to install them', () => {
  const text = leftOutText([
    { path: 'test/a.test.ts', project: 'servers', needs: ['curl'], missing: ['curl'] },
    { path: 'test/b.test.ts', project: 'gateways', needs: ['envoy'], missing: ['envoy'] },
  ]);
  expect(text.split('\n')).toEqual([
    'LEFT OUT: 2 test files cannot run here, because programs are missing.',
    '  test/a.test.ts: curl',
    '  test/b.test.ts: envoy',
    `To run them: ${lineOf('curl')} && ${lineOf('envoy')}`,
  ]);
  expect(leftOutText([])).toBe('');
});
