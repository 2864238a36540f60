/** Integers, tables and lists of fields at their bounds (RFC 7541 sections 2.3, 4 and 5.1). */

import { describe, expect, test } from 'vitest';
import { HpackDecoder } from '../../../../src/transport/h2/hpack/decoder.ts';
import { readInteger, writeInteger } from '../../../../src/transport/h2/hpack/integer.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const roomy = { headerListBytesMax: 16_384, headerFieldsMax: 100 };

/** Decodes one block after the other on one connection; each is `name: value, …`. */
function decoder(limits = roomy) {
  const one = new HpackDecoder(limits);
  return (text: string) => {
    const bytes = hex(text);
    const fields = one.decode(bytes, 0, bytes.length);
    return fields?.map(({ name, value }) => `${name}: ${value}`).join(', ');
  };
}
/** A literal that is added to the table: the name is a letter, the value is empty. 33 bytes there. */
const added = (letter: string) => `40 01 ${Buffer.from(letter).toString('hex')} 00`;

describe('an integer with a prefix of five bits', () => {
  test.each([
    [10, '0a'],
    [30, '1e'],
    [31, '1f 00'],
    [32, '1f 01'],
    [158, '1f 7f'],
    [159, '1f 80 01'],
    [1337, '1f 9a 0a'],
    [31 + 2 ** 28 - 1, '1f ff ff ff 7f'],
  ])('%d is %s', (value, text) => {
    const bytes = hex(text);
    const cursor = { bytes, at: 0, end: bytes.length };
    expect(readInteger(cursor, 0x1f)).toBe(value);
    expect(cursor.at).toBe(bytes.length);
    const written = Buffer.alloc(8);
    const end = writeInteger(written, 1, 0x20, 0x1f, value);
    expect(written.subarray(1, end)).toEqual(
      Buffer.concat([Buffer.of((bytes[0] as number) | 0x20), bytes.subarray(1)]),
    );
  });
  test.each([
    ['', 0, 'an integer is cut short'],
    ['1f', 1, 'an integer is cut short or too long'],
    ['1f 80', 2, 'an integer is cut short or too long'],
    ['1f 05', 1, 'an integer is cut short or too long'],
    ['05', 0, 'an integer is cut short'],
    ['1f 80 80 80 80 00', 6, 'an integer is cut short or too long'],
  ])('%s, of which %d may be read, is none', (text, end, message) => {
    expect(() => readInteger({ bytes: hex(text), at: 0, end }, 0x1f)).toThrow(message);
  });
});

describe('an index', () => {
  test.each([
    ['80', 'an index has no entry'],
    ['be', 'an index has no entry'],
    ['82 20', 'a table size follows a field'],
    ['3f e2 1f', 'a table is larger than allowed'],
    ['00 02 61', 'a string is cut short'],
    ['00 82 1c', 'a string is cut short'],
  ])('%s breaks the connection', (text, message) => {
    expect(() => decoder()(text)).toThrow(message);
  });
  test('is of the static table up to 61, and of the other one above', () => {
    const decode = decoder();
    expect(decode('81 bd')).toBe(':authority: , www-authenticate: ');
    expect(decode(`${added('a')} be`)).toBe('a: , a: ');
    expect(decode(added('b'))).toBe('b: ');
    expect(decode('be bf')).toBe('b: , a: ');
    expect(() => decode('c0')).toThrow('an index has no entry');
  });
  test('of a literal that is not to be added stays unknown', () => {
    const decode = decoder();
    expect(decode('00 01 61 00')).toBe('a: ');
    expect(decode('10 01 61 00')).toBe('a: ');
    expect(() => decode('be')).toThrow('an index has no entry');
  });
  test('means the newest entry, so that equal blocks can mean different fields', () => {
    const decode = decoder();
    decode(added('a'));
    expect([decode('be'), decode('be')]).toEqual(['a: ', 'a: ']);
    decode(added('b'));
    expect([decode('be'), decode('bf'), decode('be')]).toEqual(['b: ', 'a: ', 'b: ']);
    expect([decode('20'), decode('3f e1 1f')]).toEqual(['', '']);
    expect(() => decode('be')).toThrow('an index has no entry');
  });
});

test('the table keeps what fits, the newest first', () => {
  const decode = decoder();
  const letters = [...'abcdefghijklmnopqrst'];
  for (const letter of letters) decode(added(letter));
  const all = letters.map((_, n) => (0xbe + n).toString(16)).join('');
  expect(decode(all)).toBe(
    letters
      .toReversed()
      .map(letter => `${letter}: `)
      .join(', '),
  );
  // 66 bytes: two entries, and one byte less is one.
  expect(decode('3f 23 be bf')).toBe('t: , s: ');
  expect(() => decode('c0')).toThrow('an index has no entry');
  const other = decoder();
  for (const letter of ['a', 'b']) other(added(letter));
  expect(other('3f 22 be')).toBe('b: ');
  expect(() => other('bf')).toThrow('an index has no entry');
});

describe('a list of fields', () => {
  const field = '00 01 61 01 62';
  test.each([
    ['of as many fields as allowed', { headerFieldsMax: 2 }, 'a: b, a: b'],
    ['of one more', { headerFieldsMax: 1 }, undefined],
    ['of as many bytes as allowed', { headerListBytesMax: 68 }, 'a: b, a: b'],
    ['of one more byte', { headerListBytesMax: 67 }, undefined],
  ])('%s', (_, some, fields) => {
    const decode = decoder({ ...roomy, ...some });
    expect(decode(field + field)).toBe(fields);
    // The next one is judged for itself.
    expect(decode(field)).toBe('a: b');
  });
  test('that is too long leaves its entries in the table', () => {
    const decode = decoder({ ...roomy, headerFieldsMax: 1 });
    expect(decode(added('a') + added('b'))).toBeUndefined();
    expect(decode('bf')).toBe('a: ');
  });
  test('is read in each of its bytes, however alike the last one was', () => {
    const decode = decoder();
    for (const [text, fields] of [
      ['82 86', ':method: GET, :scheme: http'],
      ['83 86', ':method: POST, :scheme: http'],
      ['83 87', ':method: POST, :scheme: https'],
      ['83', ':method: POST'],
      ['', ''],
    ] as const) {
      expect([decode(text), decode(text)]).toEqual([fields, fields]);
    }
    for (const length of [512, 513]) {
      const text = '82'.repeat(length - 1);
      const limits = { headerListBytesMax: 1_000_000, headerFieldsMax: 1000 };
      const many = decoder(limits);
      const last = (end: string) =>
        many(text + end)
          ?.split(', ')
          .at(-1);
      expect([last('82'), last('83'), last('83')]).toEqual([
        ':method: GET',
        ':method: POST',
        ':method: POST',
      ]);
    }
  });
});
