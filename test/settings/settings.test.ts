/** The settings table of the README is up to date. */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { settingsTable } from '../../src/settings/settings.ts';

test('the README holds the table that `usher settings --markdown` prints', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  expect(readme).toContain(settingsTable());
});
