/** Takes the one message of a unary request out of its content ("Length-Prefixed-Message"). */

import type { DescMethod, MessageShape } from '@bufbuild/protobuf';
import type { Awaitable } from '../../store/awaitable.ts';
import { mapAwaitable } from '../../store/awaitable.ts';
import { decode } from '../codec/decode.ts';
import { framePrefixBytes } from '../codec/encoded-cache.ts';
import { RpcError } from '../rpc/rpc-error.ts';
import { decompress, type Encoding } from './compression.ts';

/** A request message. */
export type Message = MessageShape<DescMethod['input']>;

/** The message, at once unless it is compressed; throws RpcError if it is not exactly one valid. */
export function messageOf(
  method: DescMethod,
  content: Buffer,
  encoding: Encoding,
  bytesMax: number,
): Awaitable<Message> {
  const length = content.length < framePrefixBytes ? -1 : content.readUInt32BE(1);
  if (length > bytesMax) throw tooLong(bytesMax);
  if (length !== content.length - framePrefixBytes) {
    throw new RpcError('UNIMPLEMENTED', 'a unary call has exactly one whole request message');
  }
  const message = { isCompressed: content[0] !== 0, bytes: content.subarray(framePrefixBytes) };
  return plainMessageOf(method, message, encoding, bytesMax);
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
): Awaitable<Message> {
  if (!isCompressed) return decoded(bytes, method);
  if (encoding === 'identity') {
    throw new RpcError('INTERNAL', 'the request is compressed, but no encoding is named');
  }
  return mapAwaitable(decompress(encoding, bytes, bytesMax), plain => decoded(plain, method));
}

function decoded(bytes: Buffer, { input }: DescMethod): Message {
  try {
    return decode(input, bytes);
  } catch {
    throw new RpcError('INVALID_ARGUMENT', `the request is not a ${input.typeName} message`);
  }
}

/** The error for a request that is longer than allowed. */
export function tooLong(bytesMax: number): RpcError {
  return new RpcError('RESOURCE_EXHAUSTED', `the request is longer than ${bytesMax} bytes`);
}
