/** Takes the one message of a unary request out of its content ("Length-Prefixed-Message"). */

import type { DescMethod, MessageShape } from '@bufbuild/protobuf';
import type { Awaitable } from '../../store/awaitable.ts';
import { mapAwaitable } from '../../store/awaitable.ts';
import { decode } from '../codec/decode.ts';
import { framePrefixBytes } from '../codec/encoded-cache.ts';
import { RpcError, tooLong } from '../rpc/rpc-error.ts';
import { unpack } from '../rpc/unpack.ts';
import type { Encoding } from './compression.ts';

/** A request message. */
export type Message = MessageShape<DescMethod['input']>;

/** A call that counts what it holds. */
interface Holder {
  /** Its message has this many bytes now; throws RpcError if those are too many. */
  unpacked(bytes: number): void;
}

/** The message, at once unless it is compressed; throws RpcError if it is not exactly one valid. */
export function messageOf(
  method: DescMethod,
  content: Buffer,
  encoding: Encoding,
  bytesMax: number,
  holder?: Holder,
): Awaitable<Message> {
  const length = content.length < framePrefixBytes ? -1 : content.readUInt32BE(1);
  if (length > bytesMax) throw tooLong(bytesMax);
  if (length !== content.length - framePrefixBytes) {
    throw new RpcError('UNIMPLEMENTED', 'a unary call has exactly one whole request message');
  }
  const message = { isCompressed: content[0] !== 0, bytes: content.subarray(framePrefixBytes) };
  return plainMessageOf(method, message, encoding, bytesMax, holder);
}

/** A message as it was sent. */
export interface RawMessage {
  isCompressed: boolean;
  bytes: Buffer;
}

/** Decodes a message, at once unless it is compressed; throws RpcError. */
export function plainMessageOf(
  method: DescMethod,
  { isCompressed, bytes }: RawMessage,
  encoding: Encoding,
  bytesMax: number,
  holder?: Holder,
): Awaitable<Message> {
  if (!isCompressed) return decoded(bytes, method);
  if (encoding === 'identity') {
    throw new RpcError('INTERNAL', 'the request is compressed, but no encoding is named');
  }
  return mapAwaitable(unpack(encoding, bytes, bytesMax), plain => {
    holder?.unpacked(plain.length);
    return decoded(plain, method);
  });
}

function decoded(bytes: Buffer, { input }: DescMethod): Message {
  try {
    return decode(input, bytes);
  } catch {
    throw new RpcError('INVALID_ARGUMENT', `the request is not a ${input.typeName} message`);
  }
}
