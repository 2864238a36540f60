/** Fields that this encoder writes, read by another implementation: the one in node:http2, nghttp2. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { Duplex } from 'node:stream';
import { frameTypes } from '../../../src/transport/h2/frame.ts';
import { FrameReader } from '../../../src/transport/h2/frame-reader.ts';
import { encodeFields, type PlainField } from '../../../src/transport/h2/hpack/encoder.ts';
import { frame, preface, settings } from '../../transport/h2/raw-frames.ts';
import type { Target } from '../target.ts';

/** A client of node:http2 whose requests are answered with the block that is next. */
class Reader {
  readonly #client: ClientHttp2Session;
  #next: Buffer = Buffer.alloc(0);

  constructor() {
    let isFirst = true;
    const reader = new FrameReader(2 ** 24, (type, _flag, id) => {
      if (type === frameTypes.headers) socket.push(frame('headers', 5, id, this.#next));
    });
    const socket: Duplex = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => {
        reader.read(chunk, isFirst ? preface.length : 0);
        isFirst = false;
        done();
      },
    });
    socket.push(Buffer.concat([settings(), frame('settings', 1, 0)]));
    this.#client = connect('http://127.0.0.1', {
      createConnection: () => socket,
      maxHeaderListPairs: 1000,
    });
    this.#client.on('error', () => undefined);
  }

  /** Whether it reads no more: node's client opens a limited number of streams. */
  get isOver(): boolean {
    return this.#client.destroyed || this.#client.closed;
  }

  /** Names and values as they were read. */
  async read(block: Buffer): Promise<string[]> {
    this.#next = block;
    const stream = this.#client.request({ ':path': '/' }, { endStream: true });
    stream.on('error', () => undefined).resume();
    const closed = once(stream, 'close');
    const [, , raw] = (await Promise.race([
      once(stream, 'response'),
      closed.then(() => assert.fail(`not read: ${stream.rstCode}`)),
    ])) as [unknown, unknown, string[]];
    await closed;
    assert.equal(stream.rstCode, constants.NGHTTP2_NO_ERROR);
    return raw;
  }
}

let reader: Reader | undefined;

/** Names that node:http2 knows to be single would be dropped when they come twice: these are free. */
function fieldsOf(input: Buffer): PlainField[] {
  return input
    .toString('latin1')
    .split('\n')
    .slice(0, 50)
    .map((line, n) => {
      const [name = '', value = '', secret] = line.split('=');
      const free = name.toLowerCase().replaceAll(/[^a-z0-9-]/g, '');
      // nghttp2 takes blanks off both ends, and refuses control characters.
      const kept = value.replaceAll(/[^ -~\x80-\xff]/g, '').trim();
      return [`x${n}-${free}`, kept, secret !== undefined];
    });
}

/** The encoder, also for names of the static table. */
export const encoderTarget: Target = {
  name: 'encoder',
  share: 1,
  bytesMax: 2000,
  seeds: ['a=b', 'age=1\nx=\xff\xfe=s', `long=${'v'.repeat(300)}\nn=1234567890`].map(text =>
    Buffer.from(text, 'latin1'),
  ),
  words: ['=', '\n', '==s', '\xff', '0'.repeat(127)].map(text => Buffer.from(text, 'latin1')),
  async play(input) {
    if (reader === undefined || reader.isOver) reader = new Reader();
    const fields: PlainField[] = [[':status', '200'], ['server', 'x', true], ...fieldsOf(input)];
    const read = await reader.read(encodeFields(fields));
    const wanted = fields.flatMap(field => field.slice(0, 2));
    assert.deepEqual(read, wanted);
  },
};
