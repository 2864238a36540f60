/** Each test file is in one project, by what it needs, and none is left out in silence. */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { leftOutText } from './left-out.ts';
import { lineOf, programNames } from './programs.ts';
import { findLeftOut, sortTests } from './projects.ts';

const files = sortTests();
const find = (path: string) => files.find(file => file.path === path);

test.each([
  ['test/verify/claims.test.ts', 'unit', []],
  ['test/store/lmdb/store.test.ts', 'unit', []],
  ['test/store/redis/store.test.ts', 'servers', ['redis-server']],
  ['test/server/browser.test.ts', 'servers', ['chromium']],
  ['test/gateways/envoy-failure.test.ts', 'gateways', expect.arrayContaining(['envoy', 'nginx'])],
  ['test/model/real.test.ts', 'promise', ['redis-server']],
])('%s', (path, project, needs) => {
  expect(find(path)).toEqual({ path, project, needs });
});

test('a file that starts a program names it', () => {
  const silent = files.filter(({ project, needs }) => project !== 'unit' && needs.length === 0);
  expect(silent).toEqual([]);
});

test('every program is needed by a test', () => {
  const needed = new Set(files.flatMap(({ needs }) => needs));
  expect(programNames.filter(name => !needed.has(name))).toEqual([]);
});

test('the line that a missing program is told with brings it', () => {
  const brings = (name: (typeof programNames)[number]) => {
    const script = lineOf(name).split(' ').at(-2) ?? '';
    return new RegExp(`\\b${name}\\b`).test(readFileSync(script, 'utf8'));
  };
  expect(programNames.filter(name => !brings(name))).toEqual([]);
});

test('what lacks no program is not left out', () => {
  const known = files.filter(({ needs }) => needs.length === 0);
  expect(findLeftOut(known)).toEqual([]);
});

test('what is left out is told with its programs and the lines that install them', () => {
  const text = leftOutText([
    { path: 'test/a.test.ts', project: 'servers', needs: ['curl'], missing: ['curl'] },
    { path: 'test/b.test.ts', project: 'gateways', needs: ['envoy'], missing: ['envoy'] },
  ]);
  expect(text.split('\n')).toEqual([
    'LEFT OUT: 2 test files cannot run here, as programs are missing.',
    '  test/a.test.ts: curl',
    '  test/b.test.ts: envoy',
    `To run them: ${lineOf('curl')} && ${lineOf('envoy')}`,
  ]);
  expect(leftOutText([])).toBe('');
});
