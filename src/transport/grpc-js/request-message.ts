/** Reads the request of a unary call from its Length-Prefixed-Message (gRPC over HTTP/2). */

import type { DescMethod, MessageShape } from '@bufbuild/protobuf';
import { decode } from '../codec/decode.ts';
import { RpcError } from '../rpc/rpc-error.ts';

/** A flag and the length in front of the message. */
export const frameHeadBytes = 5;

/** The single request message; throws RpcError when it is not exactly one valid message. */
export function messageOf(
  method: DescMethod,
  received: Buffer,
  bytesMax: number,
): MessageShape<DescMethod['input']> {
  const length = received.length < frameHeadBytes ? -1 : received.readUInt32BE(1);
  if (length > bytesMax) {
    throw new RpcError('RESOURCE_EXHAUSTED', `the request is longer than ${bytesMax} bytes`);
  }
  if (length !== received.length - frameHeadBytes) {
    throw new RpcError('UNIMPLEMENTED', 'a unary call has exactly one whole request message');
  }
  if (received[0] !== 0) {
    throw new RpcError('INTERNAL', 'the request is compressed, but no encoding is named');
  }
  try {
    return decode(method.input, received.subarray(frameHeadBytes));
  } catch {
    throw new RpcError('INVALID_ARGUMENT', `the request is not a ${method.input.typeName} message`);
  }
}
