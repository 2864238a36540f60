/** Header blocks: the decoder, the encoder, and the rules for what they say. */

import assert from 'node:assert/strict';
import { ConnectionError, errorCodes } from '../../../src/transport/h2/frame.ts';
import { HpackDecoder } from '../../../src/transport/h2/hpack/decoder.ts';
import { encodeFields, type PlainField } from '../../../src/transport/h2/hpack/encoder.ts';
import { Field } from '../../../src/transport/h2/hpack/field.ts';
import { areTrailers, requestOf } from '../../../src/transport/h2/request-rules.ts';
import type { Random } from '../../model/random.ts';
import { below } from '../mutate.ts';
import type { Target } from '../target.ts';

const limits = { headerListBytesMax: 2048, headerFieldsMax: 16 };

/** Inputs of these targets are blocks, each behind its length in two bytes. */
function blocksOf(input: Buffer): Buffer[] {
  const blocks: Buffer[] = [];
  for (let at = 0; at + 2 <= input.length; ) {
    const end = at + 2 + input.readUInt16BE(at);
    blocks.push(input.subarray(at + 2, end));
    at = end;
  }
  return blocks;
}

function inputOf(blocks: readonly Buffer[]): Buffer {
  return Buffer.concat(
    blocks.flatMap(block => [Buffer.of(block.length >> 8, block.length & 255), block]),
  );
}

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const indexed = [
  hex('828684418cf1e3c2e5f23a6ba0ab90f4ff'),
  hex('828684be5886a8eb10649cbf'),
  hex('828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf'),
];
const small = [hex('3fe101 4803333032 580770726976617465'), hex('20 82'), hex('3fe11f c0 bf be')];

type Decoded = 'dropped' | 'refused' | string;

/** What a decoder makes of the blocks, until one cannot be decoded. */
function decodeAll(decode: (block: Buffer) => readonly Field[] | undefined, blocks: Buffer[]) {
  const all: Decoded[] = [];
  for (const block of blocks) {
    try {
      const fields = decode(block);
      if (fields !== undefined) checkFields(fields);
      all.push(fields === undefined ? 'dropped' : JSON.stringify(textsOf(fields)));
    } catch (error) {
      assert(error instanceof ConnectionError, `another error: ${error}`);
      assert.equal(error.code, errorCodes.compressionError);
      return [...all, 'refused'];
    }
  }
  return all;
}

const textsOf = (fields: readonly Field[]): PlainField[] =>
  fields.map(({ name, value }) => [name, value]);

function checkFields(fields: readonly Field[]) {
  const bytes = fields.reduce((sum, { size }) => sum + size, 0);
  assert(bytes <= limits.headerListBytesMax && fields.length <= limits.headerFieldsMax);
  for (const { name, value, size } of fields) assert.equal(size, name.length + value.length + 32);
  const plain = textsOf(fields);
  const block = encodeFields(plain);
  const again = new HpackDecoder(limits).decode(block, 0, block.length);
  assert.deepEqual(again === undefined ? undefined : textsOf(again), plain, 'the encoder differs');
}

/** The decoder of a connection, and the same blocks where none equals the one before. */
export const hpackTarget: Target = {
  name: 'hpack',
  share: 3,
  bytesMax: 5000,
  seeds: [inputOf(indexed), inputOf(small), inputOf([...indexed, ...indexed])],
  words: [
    ...indexed,
    ...small,
    hex('20'),
    hex('3fe11f'),
    hex('be'),
    hex('4001610162'),
    hex('ff80'),
  ],
  bend(input, random) {
    const blocks = blocksOf(input);
    const at = below(random, blocks.length);
    const picked = blocks[at] ?? Buffer.alloc(0);
    if (random.chance(0.3)) blocks.splice(at, 0, picked);
    else if (random.chance(0.2)) blocks.splice(at, 1);
    else blocks.splice(at, 1, changed(picked, random));
    return inputOf(blocks);
  },
  play(input) {
    const blocks = blocksOf(input);
    const decoder = new HpackDecoder(limits);
    const decoded = decodeAll(block => decoder.decode(block, 0, block.length), blocks);
    // With an empty block between, nothing is remembered from one to the next.
    const other = new HpackDecoder(limits);
    const nothing = Buffer.alloc(0);
    const apart = decodeAll(block => {
      // In the middle of other bytes, as in a read.
      const bytes = Buffer.concat([Buffer.of(0xff, 0x82), block, Buffer.of(0x82)]);
      const fields = other.decode(bytes, 2, 2 + block.length);
      other.decode(nothing, 0, 0);
      return fields;
    }, blocks);
    assert.deepEqual(apart, decoded, 'a block that was remembered differs');
  },
};

/** A block with a field added, removed, or of another form. */
function changed(block: Buffer, random: Random): Buffer {
  const length = below(random, 12);
  const text = Buffer.from(Array.from({ length }, () => 97 + below(random, 26)));
  const literal = Buffer.concat([
    Buffer.of(random.pick([0x00, 0x10, 0x40, 0x41, 0x7e, 0x0f])),
    Buffer.of(1, 97 + below(random, 4)),
    Buffer.of(text.length),
    text,
  ]);
  const size = Buffer.of(0x20 | below(random, 32), ...(random.chance(0.3) ? [0xe1, 0x1f] : []));
  const index = Buffer.of(0x80 | below(random, 128));
  const added = random.pick([literal, literal, size, index, index]);
  const at = random.chance(0.5) ? block.length : below(random, block.length + 1);
  return Buffer.concat([block.subarray(0, at), added, block.subarray(at)]);
}

/** Lines of names and values, with NUL between: no decoder has restricted what is in them. */
function fieldsOf(input: Buffer): Field[] {
  return input
    .toString('latin1')
    .split('\n')
    .filter(line => line !== '')
    .map(line => {
      const at = line.indexOf(':', 1);
      return at < 0 ? new Field(line, '') : new Field(line.slice(0, at), line.slice(at + 1));
    });
}

const lines = (...texts: string[]) => Buffer.from(texts.join('\n'), 'latin1');
const usual = [':method:POST', ':scheme:http', ':path:/a', ':authority:test'];

/** The rules of RFC 9113 sections 8.1 to 8.5, told another way than the code does. */
function isAllowed(fields: readonly Field[]): boolean {
  const of = (name: string) => fields.filter(field => field.name === name).map(f => f.value);
  const firstRegular = fields.findIndex(({ name }) => !name.startsWith(':'));
  const pseudo = fields.filter(({ name }) => name.startsWith(':'));
  if (firstRegular >= 0 && fields.slice(firstRegular).some(({ name }) => name.startsWith(':'))) {
    return false;
  }
  const names = [':method', ':scheme', ':path', ':authority'];
  if (pseudo.some(({ name }) => !names.includes(name) || of(name).length > 1)) return false;
  return fields.every(({ name, value }) => {
    const bare = name.startsWith(':') ? name.slice(1) : name;
    // The delimiters of RFC 9110 section 5.6.2 are not allowed either.
    if (bare === '' || /[^\x21-\x7e]|[A-Z"(),/:;<=>?@[\\\]{}]/.test(bare)) return false;
    if (name === 'te' && value !== 'trailers') return false;
    const forbidden = ['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding'];
    return ![...forbidden, 'upgrade'].includes(name) && !/[\0\r\n]/.test(value);
  });
}

/** The rules of requests and trailers. */
export const requestTarget: Target = {
  name: 'request',
  share: 1,
  bytesMax: 1000,
  seeds: [
    lines(...usual),
    lines(...usual, 'content-length:5', 'te:trailers', 'host:test', 'x-a:b'),
    lines(':method:CONNECT', ':authority:a:1'),
    lines(':method:OPTIONS', ':scheme:http', ':path:*', 'host:Test'),
  ],
  words: [...usual, 'host:test', 'te:', 'trailers', 'content-length:', 'upgrade:', '@', '*', '\0']
    .flatMap(text => [text, `\n${text}`])
    .map(text => Buffer.from(text, 'latin1')),
  play(input) {
    const fields = fieldsOf(input);
    const request = requestOf(fields);
    assert.deepEqual(requestOf(fields), request, 'judged otherwise the second time');
    const isTrailers = areTrailers(fieldsOf(input));
    const isRegular = fields.every(({ name }) => !name.startsWith(':'));
    assert.equal(isTrailers, isAllowed(fields) && isRegular);
    if (request === undefined) return;
    assert(isAllowed(fields), 'a request that breaks a rule');
    const { method, scheme, path, authority, contentLength } = request;
    assert(method !== '');
    if (method === 'CONNECT') assert(scheme === '' && path === '');
    else assert(scheme !== '' && (path.startsWith('/') || (path === '*' && method === 'OPTIONS')));
    assert(!authority.includes('@') || fields.every(({ name }) => name !== ':authority'));
    assert(Number.isSafeInteger(contentLength) && contentLength >= -1);
  },
};
