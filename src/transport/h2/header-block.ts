/** Joins a HEADERS frame and its CONTINUATION frames to one block (RFC 9113 section 4.3). */

import { ConnectionError, errorCodes } from './frame.ts';
import type { H2Limits } from './limits.ts';

type BlockLimits = Pick<H2Limits, 'headerBlockBytesMax' | 'continuationsMax'>;

/** A block whose end has not arrived. */
export class HeaderBlock {
  /** The stream whose frames alone may follow. */
  readonly streamId: number;
  /** Whether the request ends with it (END_STREAM). */
  readonly endsStream: boolean;
  readonly #limits: BlockLimits;
  readonly #parts: Buffer[] = [];
  #length = 0;

  constructor(streamId: number, endsStream: boolean, limits: BlockLimits) {
    this.streamId = streamId;
    this.endsStream = endsStream;
    this.#limits = limits;
  }

  /**
   * Adds the fragment of a frame. Throws ConnectionError for too many frames or bytes: the block can no
   * longer be decoded, and the tables of both ends differ.
   */
  add(bytes: Buffer, at: number, end: number): void {
    const { headerBlockBytesMax, continuationsMax } = this.#limits;
    this.#length += end - at;
    if (this.#length > headerBlockBytesMax || this.#parts.length > continuationsMax) {
      throw blockTooLong();
    }
    // A copy: a small fragment must not keep all that was read with it.
    this.#parts.push(Buffer.from(bytes.subarray(at, end)));
  }

  /** The whole block. */
  join(): Buffer {
    return Buffer.concat(this.#parts, this.#length);
  }
}

/** A block beyond the limit, which ends the connection. */
export function blockTooLong(): ConnectionError {
  return new ConnectionError(
    errorCodes.enhanceYourCalm,
    'header-list',
    'a header block is too long',
  );
}
