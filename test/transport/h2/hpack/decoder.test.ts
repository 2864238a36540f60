/** The decoder refuses wrong blocks, keeps its limits, and remembers a block only while it is true. */

import { describe, expect, test } from 'vitest';
import { ConnectionError, errorCodes } from '../../../../src/transport/h2/frame.ts';
import { HpackDecoder } from '../../../../src/transport/h2/hpack/decoder.ts';

const limits = { headerListBytesMax: 200, headerFieldsMax: 4 };

function decode(decoder: HpackDecoder, hex: string) {
  const bytes = Buffer.from(hex, 'hex');
  return decoder.decode(bytes, 0, bytes.length);
}

const texts = (decoder: HpackDecoder, hex: string) =>
  decode(decoder, hex)?.map(({ name, value }) => `${name}: ${value}`);

describe('refuses', () => {
  test.each([
    ['index 0 (6.1)', '80'],
    ['an index beyond both tables (2.3.3)', 'be'],
    ['a name by an index beyond both tables', '7e0161'],
    ['an integer cut short', 'ff'],
    ['an integer cut short after the prefix', 'ff80'],
    ['an integer too long', 'ff8080808001'],
    ['a string cut short', '400161056161'],
    ['a literal without a value', '400161'],
    ['a table larger than allowed (6.3)', '3fe21f'],
    ['a table size after a field (4.2)', '8220'],
    // Symbol "a" is 00011 in the code, to which three ones are added.
    ['Huffman padding of zeros (5.2)', '4001618118'],
    ['Huffman padding of more than seven bits', '400161821fff'],
    ['EOS in a Huffman code', '40016184ffffffff'],
  ])('%s', (_, hex) => {
    const thrown = (() => {
      try {
        return decode(new HpackDecoder(limits), hex);
      } catch (error) {
        return error;
      }
    })();
    expect(thrown).toBeInstanceOf(ConnectionError);
    expect(thrown).toMatchObject({ code: errorCodes.compressionError, fault: 'compression' });
  });
});

test('a Huffman code may end with the first bits of EOS', () => {
  expect(texts(new HpackDecoder(limits), '400161811f')).toEqual(['a: a']);
});

test('a list beyond a limit is dropped, and the table is still what the peer thinks', () => {
  const decoder = new HpackDecoder(limits);
  // Five fields, the last of which is added to the table.
  expect(decode(decoder, '828282824001610162')).toBeUndefined();
  expect(texts(decoder, 'be')).toEqual(['a: b']);
  const long = `40 01 63 7f 49 ${'64'.repeat(200)}`.replaceAll(' ', '');
  expect(decode(decoder, long)).toBeUndefined();
  expect(texts(decoder, 'bf')).toEqual(['a: b']);
});

test('an equal block gets the same list, until a table changes', () => {
  const decoder = new HpackDecoder(limits);
  decode(decoder, '4001610162');
  const first = decode(decoder, '82be');
  expect(decode(decoder, '82be')).toBe(first);
  decode(decoder, '4001610163');
  expect(texts(decoder, '82be')).toEqual([':method: GET', 'a: c']);
  expect(texts(decoder, '82be')).toEqual([':method: GET', 'a: c']);
  // An empty table, then its old size again.
  decode(decoder, '203fe11f');
  expect(() => decode(decoder, '82be')).toThrow(ConnectionError);
});

test('an entry as large as the table stays; one byte more empties it (4.4)', () => {
  const decoder = new HpackDecoder({ headerListBytesMax: 1e4, headerFieldsMax: 4 });
  const entry = (length: number) => {
    const rest = length - 127;
    const size = Buffer.of(0x7f, (rest & 0x7f) | 0x80, rest >>> 7).toString('hex');
    return `400161${size}${'62'.repeat(length)}`;
  };
  decode(decoder, entry(4096 - 32 - 1));
  expect(decode(decoder, 'be')).toHaveLength(1);
  decode(decoder, entry(4096 - 32));
  expect(() => decode(decoder, 'be')).toThrow(ConnectionError);
});
