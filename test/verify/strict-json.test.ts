/** The strict parser for JSON in the header and payload of a JWT. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeJsonObject, isCanonical, type StrictObject } from '../../src/verify/strict-json.ts';
import { part } from './setup.ts';

const decode = (value: string | Uint8Array, depthMax = 32) =>
  decodeJsonObject(part(value), depthMax);
function read(value: string | Uint8Array, depthMax = 32) {
  const decoded = decode(value, depthMax);
  return typeof decoded === 'string' ? undefined : decoded.value;
}

describe('reads', () => {
  test('any object that JSON can hold, as JSON.parse does', () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 5 }));
    fc.assert(
      fc.property(object, value => {
        const text = JSON.stringify(value);
        expect(read(text)).toEqual(JSON.parse(text));
      }),
    );
  });
  test.each([
    ['white space anywhere', ' {\r\n\t"a" : [ 1 , { } ] } '],
    ['names that look like syntax', '{"{":"}","[":"]",":":":","\\"":"\\\\"}'],
    ['a text that holds a member', '{"a":"\\"a\\":1"}'],
    ['the same name at different depths', '{"a":{"a":{"a":1}}}'],
    ['the same name in objects side by side', '{"a":[{"b":1},{"b":2}]}'],
    ['the same text as name and value', '{"a":"a","b":"a"}'],
    ['names that differ by case or form', '{"a":1,"A":2,"\\u00e9":3,"e\\u0301":4}'],
    ['an empty name', '{"":1}'],
    ['a complete surrogate pair, escaped', '{"a":"\\ud83d\\ude00"}'],
    ['a line separator', '{"a":"\u2028"}'],
  ])('%s', (_, text) => expect(read(text)).toEqual(JSON.parse(text)));
  test('__proto__ as a member like others', () => {
    const value = read('{"__proto__":{"admin":true}}');
    expect(Object.keys(value ?? {})).toEqual(['__proto__']);
    expect((value as { admin?: boolean }).admin).toBeUndefined();
  });
  test('as deep as allowed', () => expect(read('{"a":[[1]]}', 3)).toEqual({ a: [[1]] }));
});

describe('refuses', () => {
  test.each([
    ['a name twice', '{"a":1,"a":1}'],
    ['a name twice, apart', '{"a":1,"b":{"c":2},"a":3}'],
    ['a name twice, once as \\u0061', '{"a":1,"\\u0061":2}'],
    ['a name twice, \\u000a and \\n', '{"\\u000a":1,"\\n":2}'],
    ['a name twice, \\/ and /', '{"\\/":1,"/":2}'],
    ['a pair escaped and not', '{"\\ud83d\\ude00":1,"😀":2}'],
    ['__proto__ twice', '{"__proto__":1,"__proto__":2}'],
    ['a name twice after a list', '{"a":[{"x":1}],"a":2}'],
    ['a name twice, deep', '[{"a":{"b":1,"b":2}}]'.slice(1, -1)],
    ['a byte order mark', '\ufeff{}'],
    ['half a pair, high', '{"a":"\\ud800"}'],
    ['half a pair, low', '{"a":"\\udfff"}'],
    ['halves in the wrong order', '{"a":"\\ude00\\ud83d"}'],
    ['half a pair in a name', '{"\\ud800":1}'],
    ['half a pair in a list', '{"a":[["\\ud800"]]}'],
    ['NaN', '{"a":NaN}'],
    ['a list', '[]'],
    ['a text', '"a"'],
    ['a number', '1'],
    ['null', 'null'],
    ['nothing', ''],
    ['two values', '{}{}'],
    ['a NUL at the end', '{}\0'],
    ['single quotes', "{'a':1}"],
    ['a raw line end in a text', '{"a":"\n"}'],
    ['a leading zero', '{"a":01}'],
  ])('%s', (_, text) => expect(read(text)).toBeUndefined());
  test('one level deeper than allowed', () => {
    expect(read('{"a":[[1]]}', 2)).toBeUndefined();
    expect(read('{"a":{"b":{}}}', 2)).toBeUndefined();
  });
  test('depth that would overflow the stack', () => {
    const deep = 200_000;
    expect(read(`{"a":${'['.repeat(deep)}${']'.repeat(deep)}}`)).toBeUndefined();
  });
  test.each([
    ['a byte alone', [0xff]],
    ['an overlong form', [0xc0, 0x80]],
    ['half a pair as bytes', [0xed, 0xa0, 0x80]],
    ['beyond Unicode', [0xf4, 0x90, 0x80, 0x80]],
    ['cut short', [0xe2, 0x82]],
  ])('invalid UTF-8: %s', (_, bytes) => {
    const text = Buffer.concat([Buffer.from('{"a":"'), Buffer.from(bytes), Buffer.from('"}')]);
    expect(read(text)).toBeUndefined();
  });
});

test.each([
  ['[]', 'no JSON object'],
  ['x', 'no JSON object'],
  ['{"a":{"b":1}}', 'nested too deep'],
  ['{"a":1,"a":1}', 'a name twice'],
  ['{"a":"\\ud800"}', 'not Unicode'],
])('%s is refused as: %s', (text, fault) => expect(decode(text, 1)).toBe(fault));

test('bytes that are not UTF-8 are refused as: not Unicode', () => {
  const base64url = Buffer.from('{"a":"\xff"}', 'latin1').toString('base64url');
  expect(decodeJsonObject(base64url, 8)).toBe('not Unicode');
});

test('one spelling of base64url is canonical', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[\w-]{0,9}$/), text => {
      const again = Buffer.from(text, 'base64url').toString('base64url');
      expect(isCanonical(text)).toBe(again === text);
    }),
  );
});

describe('numbers', () => {
  const readAll = (text: string) => decode(text) as StrictObject;
  test.each<[string, unknown]>([
    ['9007199254740991', 9007199254740991],
    ['-9007199254740991', -9007199254740991],
    ['9007199254740992', '9007199254740992'],
    ['-9223372036854775808', '-9223372036854775808'],
    ['12345678901234567890123', '12345678901234567890123'],
    ['1e300', 1e300],
    ['"9223372036854775807"', '9223372036854775807'],
  ])('%s: integers that a double cannot hold are text', (text, exact) => {
    const all = `{"a":[{"b":${text}}],"__proto__":${text}}`;
    expect(readAll(all).exact).toEqual(
      JSON.parse(`{"a":[{"b":${JSON.stringify(exact)}}],"__proto__":${JSON.stringify(exact)}}`),
    );
    expect(readAll(all).value).toEqual(JSON.parse(all));
    expect(readAll(all).areFinite).toBe(true);
  });
  test.each(['{"a":1e999}', '{"a":[{"b":-1e999}]}'])('%s is not finite', text => {
    expect(readAll(text).areFinite).toBe(false);
  });
});

test('never throws, and whatever it reads JSON.parse reads the same', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), bytes => {
      const value = read(bytes);
      if (value !== undefined) expect(value).toEqual(JSON.parse(Buffer.from(bytes).toString()));
    }),
  );
});
