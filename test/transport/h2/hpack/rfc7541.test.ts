/** The examples of RFC 7541, appendix C. */

import { expect, test } from 'vitest';
import { HpackDecoder } from '../../../../src/transport/h2/hpack/decoder.ts';
import { encodeFields, type PlainField } from '../../../../src/transport/h2/hpack/encoder.ts';
import { readInteger, writeInteger } from '../../../../src/transport/h2/hpack/integer.ts';

const limits = { headerListBytesMax: 1e5, headerFieldsMax: 100 };
const bytesOf = (hex: string) => Buffer.from(hex.replaceAll(/\s/g, ''), 'hex');

function decode(decoder: HpackDecoder, hex: string): PlainField[] | undefined {
  const bytes = bytesOf(hex);
  return decoder.decode(bytes, 0, bytes.length)?.map(({ name, value }) => [name, value] as const);
}

const request = (scheme: string, path: string, ...more: PlainField[]): PlainField[] => [
  [':method', 'GET'],
  [':scheme', scheme],
  [':path', path],
  [':authority', 'www.example.com'],
  ...more,
];
const requests = [
  request('http', '/'),
  request('http', '/', ['cache-control', 'no-cache']),
  request('https', '/index.html', ['custom-key', 'custom-value']),
];

const cookie = 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1';
const response = (status: string, seconds: number, ...more: PlainField[]): PlainField[] => [
  [':status', status],
  ['cache-control', 'private'],
  ['date', `Mon, 21 Oct 2013 20:13:${seconds} GMT`],
  ['location', 'https://www.example.com'],
  ...more,
];
const responses = [
  response('302', 21),
  response('307', 21),
  response('200', 22, ['content-encoding', 'gzip'], ['set-cookie', cookie]),
];

test.each([
  ['C.1.1', '0a', 0x1f, 10],
  ['C.1.2', '1f9a0a', 0x1f, 1337],
  ['C.1.3', '2a', 0xff, 42],
])('%s: an integer', (_, hex, prefix, value) => {
  const bytes = bytesOf(hex);
  const cursor = { bytes, at: 0, end: bytes.length };
  expect([readInteger(cursor, prefix), cursor.at]).toEqual([value, bytes.length]);
  const written = Buffer.alloc(8);
  expect(written.subarray(0, writeInteger(written, 0, 0, prefix, value))).toEqual(bytes);
});

test.each<[string, string, PlainField]>([
  [
    'C.2.1',
    '400a637573746f6d2d6b65790d637573746f6d2d686561646572',
    ['custom-key', 'custom-header'],
  ],
  ['C.2.2', '040c2f73616d706c652f70617468', [':path', '/sample/path']],
  ['C.2.3', '100870617373776f726406736563726574', ['password', 'secret']],
  ['C.2.4', '82', [':method', 'GET']],
])('%s: a field', (_, hex, field) => {
  expect(decode(new HpackDecoder(limits), hex)).toEqual([field]);
});

test.each([
  [
    'C.3, without Huffman code',
    [
      '828684410f7777772e6578616d706c652e636f6d',
      '828684be58086e6f2d6361636865',
      '828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565',
    ],
  ],
  [
    'C.4, with Huffman code',
    [
      '828684418cf1e3c2e5f23a6ba0ab90f4ff',
      '828684be5886a8eb10649cbf',
      '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf',
    ],
  ],
])('%s: requests on one connection', (_, blocks) => {
  const decoder = new HpackDecoder(limits);
  expect(blocks.map(hex => decode(decoder, hex))).toEqual(requests);
});

/** Sets the table to 256 bytes, as these examples have it. */
const smallTable = '3fe101';

test.each([
  [
    'C.5, without Huffman code',
    [
      `${smallTable} 4803333032 580770726976617465 611d4d6f6e2c203231204f637420323031332032303a31333a
       323120474d54 6e1768747470733a2f2f7777772e6578616d706c652e636f6d`,
      '4803333037c1c0bf',
      `88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d
       4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b20766572
       73696f6e3d31`,
    ],
  ],
  [
    'C.6, with Huffman code',
    [
      `${smallTable} 488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29
       ad171863c78f0b97c8e9ae82ae43d3`,
      '4883640effc1c0bf',
      `88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdf
       cd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007`,
    ],
  ],
])('%s: responses, with entries that go', (_, blocks) => {
  const decoder = new HpackDecoder(limits);
  expect(blocks.map(hex => decode(decoder, hex))).toEqual(responses);
});

test('what the encoder writes, the decoder reads, on any connection', () => {
  const decoder = new HpackDecoder(limits);
  for (const fields of [...requests, ...responses, ...requests]) {
    expect(decode(decoder, encodeFields(fields).toString('hex'))).toEqual(fields);
  }
});

test('a secret is never indexed, whatever its value', () => {
  expect(encodeFields([[':method', 'GET', true]]).toString('hex')).toBe('1203474554');
  expect(encodeFields([['password', 'secret', true]])[0]).toBe(0x10);
});
