/** Unpacks compressed messages: a few bytes of a caller can become many. */

import { promisify } from 'node:util';
import { gunzip, gunzipSync, inflate, inflateSync } from 'node:zlib';
import type { Awaitable } from '../../store/awaitable.ts';
import { RpcError, tooLong } from './rpc-error.ts';

/** How a message is compressed. */
export type Packing = 'deflate' | 'gzip';

const unpackNow = { gzip: gunzipSync, deflate: inflateSync };
const unpackLater = { gzip: promisify(gunzip), deflate: promisify(inflate) };

/** Longest message that is unpacked at once, in bytes: what zlib writes in one step. */
const shortBytes = 16_384;

/** Settled when no long message is being unpacked, or waits for that. */
let longDone: Promise<void> = Promise.resolve();

/**
 * Unpacks a message of at most `bytesMax` bytes; throws RpcError. Long ones of the whole process take
 * turns: side by side, zlib would fill memory for all of them.
 */
export async function unpack(
  packing: Packing,
  bytes: Uint8Array,
  bytesMax: number,
): Promise<Buffer<ArrayBuffer>> {
  try {
    return await unpacked(packing, bytes, Math.max(1, bytesMax));
  } catch (error) {
    if (error instanceof RangeError) throw tooLong(bytesMax);
    throw new RpcError('INTERNAL', `the request cannot be decompressed with ${packing}`);
  }
}

/** Throws RangeError for a message that is too long. */
function unpacked(
  packing: Packing,
  bytes: Uint8Array,
  bytesMax: number,
): Awaitable<Buffer<ArrayBuffer>> {
  try {
    return unpackNow[packing](bytes, { maxOutputLength: Math.min(bytesMax, shortBytes) });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  const inTurn = longDone.then(() => unpackLater[packing](bytes, { maxOutputLength: bytesMax }));
  // What was unpacked must not be kept until the next one comes.
  const forget = () => undefined;
  longDone = inTurn.then(forget, forget);
  return inTurn;
}
