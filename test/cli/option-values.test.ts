/** The values of options: which are valid, and what they mean. */

import { describe, expect, test } from 'vitest';
import {
  count,
  durationSeconds,
  idPrefix,
  jsonObject,
  time,
  uuid,
} from '../../src/cli/option-values.ts';

const uuidText = '0198c0de-0000-7000-8000-000000000001';

describe('a duration', () => {
  test.each([
    ['0s', 0],
    ['90s', 90],
    ['15m', 900],
    ['1h', 3600],
    ['30d', 2_592_000],
    ['2w', 1_209_600],
    ['1y', 31_536_000],
  ])('%s', (text, seconds) => {
    expect(durationSeconds(text)).toBe(seconds);
  });

  test.each(['', '1', 's', '1.5h', '-1s', '1M', '1h30m', ' 1s', '1 s', '1H', '9999999999s'])(
    '%j is refused',
    text => {
      expect(() => durationSeconds(text)).toThrow(/90s, 15m, 30d or 1y/);
    },
  );
});

test('a time is RFC 3339', () => {
  expect(time('2026-02-22T03:54:51+01:00').toISOString()).toBe('2026-02-22T02:54:51.000Z');
  for (const text of ['2026-02-22', '1700000000', '2026-02-22T03:54:51', '2026-13-01T00:00:00Z']) {
    expect(() => time(text), text).toThrow(/RFC 3339/);
  }
});

test('JSON is an object', () => {
  expect(jsonObject('{"a":[1]}')).toEqual({ a: [1] });
  for (const text of ['', '[]', 'null', '1', '{a:1}']) {
    expect(() => jsonObject(text), text).toThrow(/a JSON object/);
  }
});

test('a count is an integer', () => {
  expect(count(1)('9007199254740991')).toBe(9007199254740991);
  for (const text of ['0', '-1', '1.5', '1e3', '9007199254740992']) {
    expect(() => count(1)(text), text).toThrow(/whole/);
  }
});

test('an id is a UUID, in lower case', () => {
  expect(uuid('0198C0DE-0000-7000-8000-000000000001')).toBe('0198c0de-0000-7000-8000-000000000001');
  expect(() => uuid('0198c0de')).toThrow(/UUID/);
});

test('an id can be given by its first characters', () => {
  for (const text of ['0198', '0198C0DE', '0198c0de-', '0198c0de-0000-7', uuidText]) {
    expect(idPrefix(text)).toBe(text.toLowerCase());
  }
  for (const text of ['019', '0198c0de0', '0198-', 'xyzw', '0198c0de-00000', `${uuidText}0`]) {
    expect(() => idPrefix(text), text).toThrow(/first characters, at least 4/);
  }
});

test('JSON gives no member twice, at any depth', () => {
  expect(() => jsonObject('{"a":1,"a":2}')).toThrow('a is given twice');
  expect(() => jsonObject('{"a":[{"b":1,"\\u0062":2}]}')).toThrow('a[0].b is given twice');
});
