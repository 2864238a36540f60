/** Fields that another implementation's encoder wrote, nghttp2's in node:http2, with its dynamic table. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, sensitiveHeaders } from 'node:http2';
import { Duplex } from 'node:stream';
import { flags, frameTypes } from '../../../src/transport/h2/frame.ts';
import { FrameReader } from '../../../src/transport/h2/frame-reader.ts';
import { HpackDecoder } from '../../../src/transport/h2/hpack/decoder.ts';
import { encodeFields } from '../../../src/transport/h2/hpack/encoder.ts';
import { frame, preface, settings } from '../../transport/h2/raw-frames.ts';
import type { Target } from '../target.ts';

const limits = { headerListBytesMax: 100_000, headerFieldsMax: 1000 };
const ok = encodeFields([[':status', '200']]);
/** Names of the static table, too. */
const names = [
  'authorization',
  'user-agent',
  'cookie',
  'x-a',
  'x-b',
  'x-c',
  'x-request-id',
  'accept',
];
const blocksMax = 60;

interface Fields {
  /** Values by name. */
  values: Record<string, string>;
  /** Names whose values must not be added to a table. */
  secret: string[];
}

/** A line is a field: the digit of its name, its value, and `!` before it for a secret; an empty one ends a block. */
function blocksOf(input: Buffer): Fields[] {
  return input
    .toString('latin1')
    .split('\n\n')
    .slice(0, blocksMax)
    .map(block => {
      const fields: Fields = { values: {}, secret: [] };
      for (const line of block.split('\n').filter(each => each !== '')) {
        const isSecret = line.startsWith('!');
        const name = names[line.charCodeAt(isSecret ? 1 : 0) % names.length] ?? 'x';
        fields.values[name] = line
          .slice(1)
          .replaceAll(/[^ -~\x80-\xff]/g, '')
          .trim();
        if (isSecret) fields.secret.push(name);
      }
      return fields;
    });
}

/** What the decoder makes of blocks that node's client sends on one connection. */
async function received(blocks: readonly Fields[]): Promise<Record<string, string>[]> {
  const decoder = new HpackDecoder(limits);
  const got: Record<string, string>[] = [];
  let parts: Buffer[] = [];
  let isFirst = true;
  let thrown: unknown;
  const reader = new FrameReader(2 ** 24, (type, flag, id, bytes, at, end) => {
    if (type !== frameTypes.headers && type !== frameTypes.continuation) return;
    const start = at + ((flag & flags.priority) !== 0 && type === frameTypes.headers ? 5 : 0);
    parts.push(Buffer.from(bytes.subarray(start, end)));
    if ((flag & flags.endHeaders) === 0) return;
    const block = Buffer.concat(parts);
    parts = [];
    const fields = decoder.decode(block, 0, block.length) ?? [];
    const plain = fields.filter(({ name }) => !name.startsWith(':'));
    got.push(Object.fromEntries(plain.map(({ name, value }) => [name, value])));
    socket.push(frame('headers', 5, id, ok));
  });
  const socket: Duplex = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      try {
        reader.read(chunk, isFirst ? preface.length : 0);
      } catch (error) {
        thrown = error;
        socket.destroy();
      }
      isFirst = false;
      done();
    },
  });
  socket.push(Buffer.concat([settings(), frame('settings', 1, 0)]));
  const client = connect('http://127.0.0.1', { createConnection: () => socket });
  client.on('error', () => undefined);
  const streams = blocks.map(({ values, secret }) => {
    const headers = { ':path': '/', ...values, [sensitiveHeaders]: secret };
    const stream = client.request(headers, { endStream: true });
    stream.on('error', () => undefined).resume();
    return once(stream, 'close');
  });
  await Promise.all(streams);
  client.destroy();
  if (thrown !== undefined) throw thrown;
  return got;
}

/** The decoder, against another encoder. */
export const nghttp2Target: Target = {
  name: 'nghttp2',
  share: 2,
  bytesMax: 20_000,
  seeds: [
    Buffer.from('aBearer x\nbagent/1\n\naBearer x\nbagent/1\ncnew\n\n!0secret\n1v\n\naBearer y'),
    Buffer.from(
      Array.from({ length: 40 }, (_, n) => `3${n % 7}\n4${'v'.repeat(n * 9)}`).join('\n\n'),
    ),
  ],
  words: ['\n', '\n\n', '!', 'aBearer x', '\xff\xfe', '0'.repeat(200)].map(word =>
    Buffer.from(word, 'latin1'),
  ),
  async play(input) {
    const blocks = blocksOf(input);
    const got = await received(blocks);
    assert.deepEqual(
      got,
      blocks.map(({ values }) => values),
    );
  },
};
