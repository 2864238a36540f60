/** The score of mutants, and the list of those that change nothing. */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Equivalent, equivalents } from './equivalent.ts';
import { judgeMutants, type Mutant, short } from './score.ts';

const mutant = (some: Partial<Mutant> = {}): Mutant => ({
  ...{ path: 'src/a.ts', lineNumber: 1, line: 'if (a) b();', from: 'a', to: 'true' },
  ...{ status: 'unnoticed', ...some },
});
const listed = (some: Partial<Equivalent> = {}): Equivalent => ({
  ...{ path: 'src/a.ts', line: 'if (a) b();', from: 'a', to: 'true', why: 'b does nothing' },
  ...some,
});

test('the score is the share of those that were noticed, by file and in all', () => {
  const mutants = [
    mutant({ status: 'noticed' }),
    mutant({ to: 'false' }),
    mutant({ status: 'not compared' }),
    mutant({ path: 'src/b.ts', status: 'noticed' }),
  ];
  const { total, byPath, survivors } = judgeMutants(mutants, []);
  expect(total).toMatchObject({ noticed: 2, unnoticed: 1 });
  expect(total.percent).toBeCloseTo(66.67, 2);
  expect(byPath.get('src/a.ts')?.percent).toBe(50);
  expect(byPath.get('src/b.ts')?.percent).toBe(100);
  expect(survivors).toEqual([mutants[1]]);
});

test('a listed one counts for nothing', () => {
  const mutants = [mutant(), mutant({ status: 'noticed', to: 'false' })];
  const { total, survivors, obsolete } = judgeMutants(mutants, [listed()]);
  expect([total.percent, survivors, obsolete]).toEqual([100, [], []]);
});

test.each([
  ['noticed', [mutant({ status: 'noticed' })]],
  ['in code that is another by now', [mutant({ line: 'if (a) c();' })]],
])('a listed one that is %s is obsolete', (_, mutants) => {
  expect(judgeMutants(mutants, [listed()]).obsolete).toEqual([listed()]);
});

test('a listed one of a file that was not changed is not obsolete', () => {
  const mutants = [mutant({ path: 'src/b.ts' })];
  expect(judgeMutants(mutants, [listed()]).obsolete).toEqual([]);
});

test('a changed part is shown in one line, cut', () => {
  expect(short(`{\n  a();\n}`)).toBe('{ a(); }');
  expect(short('x'.repeat(100))).toHaveLength(80);
});

test('each equivalent one has its line in the code, and a reason', () => {
  for (const { path, line, from, to, why } of equivalents) {
    const lines = readFileSync(path, 'utf8').split('\n');
    expect(lines.map(each => each.trim())).toContain(line);
    expect(from).not.toBe(to);
    expect(why.length).toBeGreaterThan(20);
  }
});
