/** What becomes of a form after someone else changed the same access token. */

import { expect, test } from 'vitest';
import { rebase } from '../../../../src/manager/web/token/rebase.ts';

const before = { name: 'a', owner: 'o', scopes: ['x'] };

test('their values are taken where the user changed nothing, and the rest is kept', () => {
  const now = { ...before, name: 'theirs', scopes: ['x', 'y'] };
  const mine = { ...before, owner: 'mine' };
  expect(rebase(before, mine, now)).toEqual({
    values: { ...now, owner: 'mine' },
    theirs: ['name', 'scopes'],
    both: [],
  });
});

test('what both changed stays as the user typed it, and is named', () => {
  const now = { ...before, name: 'theirs' };
  expect(rebase(before, { ...before, name: 'mine' }, now)).toMatchObject({
    values: { name: 'mine' },
    both: ['name'],
  });
  expect(rebase(before, { ...before, name: 'theirs' }, now).both).toEqual([]);
});
