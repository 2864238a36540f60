/** docs/asvs.md has a row for each requirement, and what it calls met has a test. */

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const text = readFileSync('docs/asvs.md', 'utf8');

/** The rows of the page: their cells. */
const rows = text
  .split('\n')
  .filter(line => line.startsWith('| '))
  .map(line => line.slice(2, -2).split(' | '));

/** How many requirements each section of ASVS 5.0.0 has. */
const sections: Readonly<Record<string, readonly number[]>> = {
  V1: [2, 10, 12, 3, 3],
  V2: [3, 3, 5, 2],
  V3: [1, 3, 5, 8, 8, 1, 5],
  V4: [5, 5, 2, 4],
  V6: [3, 12, 8, 6, 8, 4, 2, 4],
  V7: [3, 4, 2, 5, 3, 2],
  V8: [4, 4, 3, 2],
  V9: [3, 4],
  V10: [2, 3, 5, 16, 5, 2, 3],
  V11: [4, 5, 5, 4, 2, 2, 2],
  V12: [5, 2, 5],
  V13: [4, 6, 4, 7],
  V14: [2, 8, 3],
  V15: [5, 5, 7, 4],
  V16: [1, 5, 4, 3, 4],
};

describe('RFC 8725', () => {
  const practices = rows.filter(([section = '']) => /^3\.\d+$/.test(section));

  test('each section has a row', () => {
    const all = Array.from({ length: 12 }, (_, n) => `3.${n + 1}`);
    expect(practices.map(([section]) => section)).toEqual(all);
  });
  test.each(practices.map(row => [row[0], row.at(-1)]))('%s names a test', (_, tests) => {
    expect(tests).toMatch(/^\[/);
  });
});

describe('ASVS', () => {
  const asked = rows.filter(([ids = '']) => /^V\d+\.\d+\.\d+/.test(ids));

  test('each requirement has one row', () => {
    const all = Object.entries(sections).flatMap(([chapter, counts]) =>
      counts.flatMap((count, n) =>
        Array.from({ length: count }, (_, m) => `${chapter}.${n + 1}.${m + 1}`),
      ),
    );
    const found = asked.flatMap(([ids = '']) => ids.split(', '));
    expect(found.toSorted()).toEqual(all.toSorted());
  });
  test.each(asked)('%s has a level, an outcome and a reason', (...row) => {
    const [, level, , outcome, how, tests] = row;
    expect(row).toHaveLength(6);
    expect(level).toMatch(/^[123](, [123])*$/);
    expect(outcome).toMatch(/^(met|partly|not met|n\/a)$/);
    expect(how).not.toBe('');
    // What is met has a test, or says that it has none.
    if (outcome === 'met') expect(tests).toMatch(/^(\[|no test$|—$)/);
  });
  test('the counts are those of the rows', () => {
    const counted = new Map<string, number>();
    for (const [ids = '', , , outcome] of asked) {
      counted.set(`${outcome}`, (counted.get(`${outcome}`) ?? 0) + ids.split(', ').length);
    }
    const written = rows.filter(([outcome = '']) => counted.has(outcome));
    const sums = written.map(([outcome = '', ...levels]) => [
      outcome,
      levels.reduce((sum, each) => sum + Number(each), 0),
    ]);
    expect(new Map(sums as [string, number][])).toEqual(counted);
  });
});

test('each named test is called by its path', () => {
  const links = [...text.matchAll(/\[([^\]]+)\]\(\.\.\/test\/([^)]+)\.test\.ts\)/g)];
  expect(links.length).toBeGreaterThan(200);
  expect(links.filter(([, name, path]) => name !== path).map(([link]) => link)).toEqual([]);
});
