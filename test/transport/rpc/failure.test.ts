/** What the caller of a failed call receives. */

import { expect, test } from 'vitest';
import { TokenError } from '../../../src/tokens/errors.ts';
import { failureOf } from '../../../src/transport/rpc/failure.ts';

const failureWith = (count: number) => {
  const violations = Array.from({ length: count }, (_, index) => ({
    field: `scopes[${index}]`,
    description: 'is empty',
  }));
  const text = violations.map(({ field }) => `${field}: is empty`).join('; ');
  return failureOf(new TokenError('INVALID_ARGUMENT', text, violations), () => {});
};

test('a failure names all fields that are wrong, as long as they fit in trailers', () => {
  const few = failureWith(16);
  expect([few.violations?.length, few.message]).toEqual([16, expect.not.stringContaining('more')]);
  const many = failureWith(500);
  expect(many.violations).toHaveLength(16);
  expect(many.message).toMatch(/^scopes\[0\]: is empty; .*scopes\[15\]: is empty; and 484 more$/);
});
