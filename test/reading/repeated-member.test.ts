/** Members that JSON gives twice. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pathOf } from '../../src/reading/place.ts';
import { repeatedMember } from '../../src/reading/repeated-member.ts';

test.each([
  ['{"a":1,"a":2}', 'a'],
  ['{"a":{"b":1},"b":[0,{"c":1,"d":[],"c":2}]}', 'b[1].c'],
  ['{"a":1,"\\u0061":2}', 'a'],
  ['[{"x y":1,"x y":2}]', '[0]["x y"]'],
])('%s gives %s twice', (json, path) => {
  expect(pathOf(repeatedMember(json) ?? [])).toBe(path);
});

test('no JSON of JSON.stringify gives a member twice', () => {
  fc.assert(
    fc.property(fc.jsonValue(), value => repeatedMember(JSON.stringify(value)) === undefined),
  );
});

test('two megabytes are read in a moment', () => {
  expect(repeatedMember(`{"a":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}}`)).toBeUndefined();
  expect(repeatedMember(`{"a":"${'\\"'.repeat(1_000_000)}"}`)).toBeUndefined();
});

test('a long name, which may be a token, is left out', () => {
  expect(pathOf(['a', `usk_${'n'.repeat(43)}`, 3])).toBe('a["…"][3]');
});
