/** The suites name code and tests that exist, and tests that need nothing but `npm ci`. */

import { globSync } from 'node:fs';
import { expect, test } from 'vitest';
import { sortTests } from '../projects.ts';
import { suites } from './suites.ts';

const units = sortTests().filter(({ project }) => project === 'unit');

test.each(Object.entries(suites))('%s', (_, { mutate, tests }) => {
  const found = globSync([...tests]);
  expect(found.length).toBeGreaterThan(10);
  const paths = units.map(({ path }) => path);
  expect(found.filter(path => !paths.includes(path))).toEqual([]);
  expect(globSync([...mutate]).length).toBeGreaterThan(20);
});
