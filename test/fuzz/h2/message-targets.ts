/** What gRPC puts into requests and answers: messages, timeouts, and texts of errors. */

import assert from 'node:assert/strict';
import { crc32, deflateSync, gzipSync } from 'node:zlib';
import { VerifierService } from '../../../src/gen/usher/v1/verifier_pb.ts';
import { refusalHead } from '../../../src/transport/grpc/answers.ts';
import type { Encoding } from '../../../src/transport/grpc/compression.ts';
import { messageOf, plainMessageOf, type RawMessage } from '../../../src/transport/grpc/message.ts';
import { MessageReader } from '../../../src/transport/grpc/message-reader.ts';
import { HpackDecoder } from '../../../src/transport/h2/hpack/decoder.ts';
import { clampGrpcTimeout, deadlineOf } from '../../../src/transport/rpc/grpc-timeout.ts';
import { RpcError } from '../../../src/transport/rpc/rpc-error.ts';
import { createRandom } from '../../model/random.ts';
import type { Target } from '../target.ts';
import { cutsOf } from './connection-target.ts';

const bytesMax = 300;
const method = VerifierService.method.verify;
const encodings: readonly Encoding[] = ['identity', 'deflate', 'gzip'];

/** A Length-Prefixed-Message. */
export function messageFrame(bytes: Buffer, isCompressed = false): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = isCompressed ? 1 : 0;
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
}

const verifyMessage = Buffer.from('0a04676f6f64', 'hex');

/** What a reader finds in the content, cut as it is. */
function read(chunks: readonly Buffer[]): string {
  const reader = new MessageReader(bytesMax);
  const messages: RawMessage[] = [];
  try {
    for (const chunk of chunks) {
      messages.push(...reader.read(chunk));
      assert(reader.heldBytes <= bytesMax + 5 + chunk.length, 'more is kept than a message has');
    }
  } catch (error) {
    assert(error instanceof RpcError, `another error: ${error}`);
    // What comes before a message that is too long is lost with it, in the same chunk alone.
    return error.code;
  }
  const texts = messages.map(
    ({ isCompressed, bytes }) => `${isCompressed} ${bytes.toString('hex')}`,
  );
  return `${texts.join()} ${reader.heldBytes}`;
}

async function outcome(run: () => unknown): Promise<string> {
  try {
    return JSON.stringify(await run(), (_, value) =>
      typeof value === 'bigint' ? `${value}` : value,
    );
  } catch (error) {
    assert(error instanceof RpcError, `another error: ${error}`);
    return `${error.code} ${error.message}`;
  }
}

/** The first byte is the encoding, the rest content. */
export const messageTarget: Target = {
  name: 'message',
  share: 1,
  bytesMax: 2000,
  seeds: [
    Buffer.concat([Buffer.of(0), messageFrame(verifyMessage), messageFrame(Buffer.alloc(0))]),
    Buffer.concat([Buffer.of(1), messageFrame(deflateSync(verifyMessage), true)]),
    Buffer.concat([Buffer.of(2), messageFrame(gzipSync(verifyMessage), true)]),
    Buffer.concat([Buffer.of(2), messageFrame(gzipSync(Buffer.alloc(1000)), true)]),
  ],
  words: [
    Buffer.alloc(4),
    messageFrame(verifyMessage),
    gzipSync(verifyMessage),
    Buffer.of(0x1f, 0x8b),
  ],
  async play(input) {
    const encoding = encodings[(input[0] ?? 0) % 3] ?? 'identity';
    const content = input.subarray(1);
    const random = createRandom(crc32(input));
    assert.equal(read(cutsOf(content, random)), read([content]), 'other messages in other cuts');
    const whole = await outcome(() => messageOf(method, content, encoding, bytesMax));
    if (content.length < 5 || content.readUInt32BE(1) !== content.length - 5) return;
    if (content.length - 5 > bytesMax) return assert(whole.startsWith('RESOURCE_EXHAUSTED'));
    const raw = { isCompressed: content[0] !== 0, bytes: content.subarray(5) };
    const single = await outcome(() => plainMessageOf(method, raw, encoding, bytesMax));
    assert.equal(single, whole, 'a unary call and a stream read a message differently');
  },
};

const times = { deadlineMs: 5000, deadlineMsMax: 60_000 };

/** The grpc-timeout. */
export const timeoutTarget: Target = {
  name: 'timeout',
  share: 0.2,
  bytesMax: 30,
  seeds: ['1S', '500m', '99999999H', '123456789012345u', '', '1n'].map(text => Buffer.from(text)),
  words: [...'HMSmun'].map(text => Buffer.from(text)),
  play(input) {
    const asked = input.toString('latin1');
    const ms = deadlineOf(asked, times);
    const clamped = clampGrpcTimeout(asked, times.deadlineMsMax);
    if (ms === undefined) return assert.equal(clamped, 'malformed');
    assert(ms >= 0 && ms <= times.deadlineMsMax);
    assert.match(clamped, /^\d{1,8}[HMSmun]$/);
    const again = deadlineOf(clamped, times) ?? Number.NaN;
    assert(again >= Math.min(ms, 60_000) && again <= ms + 1, `${asked} becomes ${clamped}`);
  },
};

const limits = { headerListBytesMax: 1e6, headerFieldsMax: 10 };

/** The text of an error, percent-encoded in the trailers (gRPC over HTTP/2, "Percent-Encoded"). */
export const errorTextTarget: Target = {
  name: 'error-text',
  share: 0.5,
  bytesMax: 500,
  seeds: ['plain', 'ä€😀 %41', '\r\n\0\x7f'].map(text => Buffer.from(text, 'utf16le')),
  words: [Buffer.from('%', 'utf16le'), Buffer.from('d800', 'hex'), Buffer.from('00dc', 'hex')],
  play(input) {
    // Any code units, so that lone surrogates are among them.
    const message = input.subarray(0, input.length & ~1).toString('utf16le');
    const block = refusalHead({ code: 'INTERNAL', message });
    const fields = new HpackDecoder(limits).decode(block, 0, block.length) ?? [];
    const value = fields.find(({ name }) => name === 'grpc-message')?.value ?? '';
    assert.match(value, /^[\x20-\x7e]*$/);
    assert.equal(decodeURIComponent(value), message.toWellFormed());
  },
};
