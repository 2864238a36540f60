/** The settings table of docs/settings.md is the one that the settings give. */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { settingsTable } from '../../src/settings/settings.ts';

test('the documentation holds the table that `usher settings --markdown` prints', () => {
  const page = readFileSync(new URL('../../docs/settings.md', import.meta.url), 'utf8');
  expect(page).toContain(settingsTable());
});
