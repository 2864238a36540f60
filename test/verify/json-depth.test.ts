/** The depth of JSON, measured without parsing it. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isDeeperThan } from '../../src/verify/json-depth.ts';

const deeper = (json: string, depth: number) => isDeeperThan(Buffer.from(json), depth);

/** The depth of a value as JSON.parse has it. */
function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

test('it is that of the parsed value', () => {
  const check = (value: unknown, space: number) => {
    const json = JSON.stringify(value, undefined, space);
    const depth = depthOf(value);
    expect(deeper(json, depth)).toBe(false);
    if (depth > 0) expect(deeper(json, depth - 1)).toBe(true);
  };
  fc.assert(fc.property(fc.jsonValue({ maxDepth: 6 }), fc.nat(2), check));
});

describe('brackets in strings do not count', () => {
  test.each(['"[[["', '{"[[":"]]"}', '["\\"[["]', '["\\\\", "[["]', '["\\\\\\"[["]'])('%s', json =>
    expect(deeper(json, 1)).toBe(false),
  );
});

test.each(['["\\\\",[', '[[', '{"a":[', '"a[", [['])('%s is deeper than one level', json => {
  expect(deeper(json, 1)).toBe(true);
});

test.each(['', '"', '"\\', ']]]]', '[}'])('what is no JSON is measured too: %j', json => {
  expect(deeper(json, 1)).toBe(false);
});

// Looking back from each character would take hours: the test would run out of time.
test('megabytes of brackets or backslashes take no time', () => {
  expect(deeper('['.repeat(4e6), 100)).toBe(true);
  expect(deeper(`["${'\\'.repeat(4e6)}"]`, 100)).toBe(false);
  expect(deeper(`["${'\\"'.repeat(2e6)}"]`, 100)).toBe(false);
});
