/** Which lists of fields are a request (RFC 9113 sections 8.1 to 8.3). */

import { expect, test } from 'vitest';
import { Field } from '../../../src/transport/h2/hpack/field.ts';
import {
  areTrailers,
  type H2Request,
  requestOf,
  valuesOf,
} from '../../../src/transport/h2/request-rules.ts';

type Pair = [name: string, value: string];
const fieldsOf = (pairs: Pair[]) => pairs.map(([name, value]) => new Field(name, value));

const get: Pair[] = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/a?b'],
];
const without = (left: string) => get.filter(([name]) => name !== left);

test('a request has its parts, and its authority from Host if it has no other', () => {
  const parts = { method: 'GET', scheme: 'http', path: '/a?b', contentLength: -1 };
  expect(requestOf(fieldsOf(get))).toMatchObject({ ...parts, authority: '' });
  expect(requestOf(fieldsOf([...get, ['host', 'h']]))).toMatchObject({ ...parts, authority: 'h' });
  const both: Pair[] = [[':authority', 'h:1'], ...get, ['host', 'H:1'], ['content-length', '07']];
  expect(requestOf(fieldsOf(both))).toMatchObject({ authority: 'h:1', contentLength: 7 });
});

test('the values of a field are those of all its lines, and host is the authority', () => {
  const pairs: Pair[] = [[':authority', 'h:1'], ...get, ['a', '1'], ['b', '2'], ['a', '3']];
  const request = requestOf(fieldsOf(pairs)) as H2Request;
  expect(valuesOf(request, 'a')).toEqual(['1', '3']);
  expect(valuesOf(request, 'c')).toEqual([]);
  expect(valuesOf(request, 'host')).toEqual(['h:1']);
  expect(valuesOf(requestOf(fieldsOf(get)) as H2Request, 'host')).toEqual([]);
});

test('a CONNECT has no scheme and no path, and an announced length of 0 counts', () => {
  const connect: Pair[] = [
    [':method', 'CONNECT'],
    [':authority', 'a:1'],
  ];
  expect(requestOf(fieldsOf(connect))).toMatchObject({ scheme: '', path: '', authority: 'a:1' });
  expect(requestOf(fieldsOf([...connect, [':scheme', 'http']]))).toBeUndefined();
  expect(requestOf(fieldsOf([...connect, [':path', '/']]))).toBeUndefined();
  const empty: Pair[] = [...get, ['content-length', '0']];
  expect(requestOf(fieldsOf(empty))).toMatchObject({ contentLength: 0 });
  expect(requestOf(fieldsOf([...empty, ['content-length', '1']]))).toBeUndefined();
});

test('what was judged once is judged the same again', () => {
  for (const [pair, isGood] of [
    [['a', 'b'], true],
    [['A', 'b'], false],
  ] as const) {
    const field = new Field(pair[0], pair[1]);
    expect([areTrailers([field]), areTrailers([field])]).toEqual([isGood, isGood]);
  }
});

test.each<[string, Pair[]]>([
  ['8.2.2: te is trailers', [...get, ['te', 'trailers']]],
  ['8.2.1: a value with spaces and tabs inside', [...get, ['a', 'b \t c']]],
  ['8.2.1: an empty value', [...get, ['a', '']]],
  ['8.2.1: a value beyond ASCII', [...get, ['a', '\x80\xff']]],
  [
    '8.3.1: OPTIONS of all',
    [
      [':method', 'OPTIONS'],
      [':scheme', 'http'],
      [':path', '*'],
    ],
  ],
  [
    '8.5: CONNECT',
    [
      [':method', 'CONNECT'],
      [':authority', 'a:1'],
    ],
  ],
  [
    '8.6: the same content-length twice',
    [...get, ['content-length', '1'], ['content-length', '1']],
  ],
  // Let through, as the rule's own comment says.
  ['8.2.1: a blank before a value', [...get, ['a', ' b']]],
  ['8.2.1: a blank after a value', [...get, ['a', 'b\t']]],
])('good: %s', (_, pairs) => {
  expect(requestOf(fieldsOf(pairs))).toBeDefined();
});

test.each<[string, Pair[]]>([
  ['8.2: a name in upper case', [...get, ['A', 'b']]],
  ['8.2.1: an empty name', [...get, ['', 'b']]],
  ['8.2.1: a space in a name', [...get, ['a b', 'c']]],
  ...['(', ',', '/', '[', '{', '"', '@'].map((mark): [string, Pair[]] => [
    `8.2.1: ${mark} in a name`,
    [...get, [`a${mark}b`, 'c']],
  ]),
  ['8.2.1: a colon in a name', [...get, ['a:b', 'c']]],
  ['8.2.1: a control character in a name', [...get, ['a\x7f', 'c']]],
  ['8.2.1: a name beyond ASCII', [...get, ['a\x80', 'c']]],
  ['8.2.1: NUL in a value', [...get, ['a', 'b\0c']]],
  ['8.2.1: CR in a value', [...get, ['a', 'b\rc']]],
  ['8.2.1: LF in a value', [...get, ['a', 'b\nc']]],
  ...['connection', 'proxy-connection', 'keep-alive', 'transfer-encoding', 'upgrade'].map(
    (name): [string, Pair[]] => [`8.2.2: ${name}`, [...get, [name, 'x']]],
  ),
  ['8.2.2: te is something else', [...get, ['te', 'trailers, deflate']]],
  ['8.3: a pseudo-header field after others', [...without(':path'), ['a', 'b'], [':path', '/']]],
  ['8.3: an unknown pseudo-header field', [[':protocol', 'websocket'], ...get]],
  ['8.3: one of a response', [[':status', '200'], ...get]],
  ['8.3: one that is a colon', [[':', 'x'], ...get]],
  ['8.3.1: :method twice', [[':method', 'GET'], ...get]],
  ['8.3.1: :scheme twice', [[':scheme', 'http'], ...get]],
  ['8.3.1: :path twice', [[':path', '/'], ...get]],
  ['8.3.1: :authority twice', [[':authority', 'a'], [':authority', 'a'], ...get]],
  ['8.3.1: no :method', without(':method')],
  ['8.3.1: no :scheme', without(':scheme')],
  ['8.3.1: no :path', without(':path')],
  ['8.3.1: an empty :path', [...without(':path'), [':path', '']]],
  ['8.3.1: a :path that is no path', [...without(':path'), [':path', 'http://a/']]],
  ['8.3.1: * for another method', [...without(':path'), [':path', '*']]],
  ['8.3.1: user information', [[':authority', 'me@a'], ...get]],
  ['8.3.1: Host that differs from :authority', [[':authority', 'a'], ...get, ['host', 'b']]],
  ['two Host fields', [...get, ['host', 'a'], ['host', 'a']]],
  [
    '8.5: CONNECT with :path',
    [
      [':method', 'CONNECT'],
      [':authority', 'a:1'],
      [':path', '/'],
    ],
  ],
  ['8.5: CONNECT without :authority', [[':method', 'CONNECT']]],
  ['8.6: two lengths', [...get, ['content-length', '1'], ['content-length', '2']]],
  ...['', '-1', '1,1', '0x1', '1e3', '9'.repeat(16)].map((value): [string, Pair[]] => [
    `8.6: content-length ${JSON.stringify(value)}`,
    [...get, ['content-length', value]],
  ]),
])('malformed: %s', (_, pairs) => {
  expect(requestOf(fieldsOf(pairs))).toBeUndefined();
});

test('trailers have no pseudo-header fields, and the same characters (8.1)', () => {
  expect(areTrailers(fieldsOf([]))).toBe(true);
  expect(areTrailers(fieldsOf([['a', 'b']]))).toBe(true);
  expect(areTrailers(fieldsOf([['A', 'b']]))).toBe(false);
  expect(areTrailers(fieldsOf([['a', 'b\n']]))).toBe(false);
  expect(areTrailers(fieldsOf(get))).toBe(false);
});
