/** The challenges of RFC 6750 section 3, for each way in which a token is refused. */

import { describe, expect, test } from 'vitest';
import { challengeOf } from '../../../src/transport/http/www-authenticate.ts';
import { type Reason, reasons } from '../../../src/verify/verdict.ts';

const bare = 'Bearer realm="usher"';
const errorIn = (challenge = '') => /error="(\w+)"/.exec(challenge)?.[1];

describe('RFC 6750, 3.1: no error code', () => {
  test('without credentials', () => {
    expect(challengeOf({ reason: 'MISSING_CREDENTIALS', header: '' })).toBe(bare);
  });

  test.each([
    'Basic dTpw',
    'basic dTpw',
    'Digest username="u"',
    'DPoP x',
    'Negotiate YII=',
    'A  b c',
  ])('with those of another scheme: %s', header => {
    expect(challengeOf({ reason: 'MALFORMED_CREDENTIALS', header })).toBe(bare);
  });
});

test.each(['Bearer a b', 'Bearer', 'bearer "x"', 'a, b', '"x"', 'ush_a,', 'a.b.c'])(
  'RFC 6750, 3.1: a malformed token is an invalid_request: %s',
  header => {
    const challenge = challengeOf({ reason: 'MALFORMED_CREDENTIALS', header });
    expect(errorIn(challenge)).toBe('invalid_request');
  },
);

const others = (Object.keys(reasons) as Reason[]).filter(
  reason => !['MISSING_CREDENTIALS', 'MALFORMED_CREDENTIALS'].includes(reason),
);

test.each(others)('RFC 6750, 3.1: the code of %s goes with its status', reason => {
  const { http } = reasons[reason];
  const challenge = challengeOf({ reason, header: 'Bearer x', scopes: ['a', 'b'] });
  if (http >= 429) expect(challenge).toBeUndefined();
  else expect(errorIn(challenge)).toBe(http === 403 ? 'insufficient_scope' : 'invalid_token');
  const scope = / scope="a b"$/.test(challenge ?? '');
  expect(scope).toBe(reason === 'INSUFFICIENT_SCOPE');
});

test.each(Object.keys(reasons) as Reason[])('RFC 9110, 11.2: %s has well-formed values', reason => {
  const challenge = challengeOf({ reason, header: 'x', scopes: ['a'] }) ?? bare;
  const parameter = '[a-z_]+="[ !#-\\[\\]-~]*"';
  expect(challenge).toMatch(new RegExp(`^Bearer ${parameter}(, ${parameter})*$`));
});
