/** Finds the frames in a stream of bytes, however it is cut into chunks (RFC 9113 section 4.1). */

import { frameHeadBytes, frameSizeError, readUint32, streamIdMax } from './frame.ts';

/**
 * Takes one whole frame; its payload is `bytes` from `at` up to `end`. The bytes are never written to
 * again, so a part of them may be kept.
 */
export type OnFrame = (
  type: number,
  flag: number,
  streamId: number,
  bytes: Buffer,
  at: number,
  end: number,
) => void;

const nothing = Buffer.alloc(0);

/** What a frame counts as work; eight of its bytes count one more. */
const workOfFrame = 256;

/** Reads frames of at most `frameBytesMax` bytes of payload. */
export class FrameReader {
  /** How much work may be done before the rest waits. */
  left = Number.POSITIVE_INFINITY;
  readonly #frameBytesMax: number;
  readonly #onFrame: OnFrame;
  /** The frame that is not whole yet, or its head; of the length that is known so far. */
  #partial: Buffer = nothing;
  /** How many of its bytes have arrived. */
  #held = 0;

  constructor(frameBytesMax: number, onFrame: OnFrame) {
    this.#frameBytesMax = frameBytesMax;
    this.#onFrame = onFrame;
  }

  /**
   * Calls `onFrame` for each frame that the chunk completes, as far as there is work left; returns the
   * offset of the rest. Throws ConnectionError.
   */
  read(chunk: Buffer, start = 0): number {
    let at = this.#held === 0 ? start : this.#fill(chunk, start);
    while (chunk.length - at >= frameHeadBytes) {
      const end = at + frameHeadBytes + this.#lengthAt(chunk, at);
      if (end > chunk.length) break;
      if (this.left <= 0) return at;
      this.#emit(chunk, at, end);
      at = end;
    }
    if (at < chunk.length) this.#hold(chunk, at);
    return chunk.length;
  }

  /** Adds to the partial frame, and emits it once it is whole; returns the offset after it. */
  #fill(chunk: Buffer, start: number): number {
    let at = this.#take(chunk, start);
    if (this.#held < this.#partial.length) return at;
    if (this.#held === frameHeadBytes) {
      this.#grow();
      at = this.#take(chunk, at);
      if (this.#held < this.#partial.length) return at;
    }
    const frame = this.#partial;
    this.#partial = nothing;
    this.#held = 0;
    this.#emit(frame, 0, frame.length);
    return at;
  }

  #hold(chunk: Buffer, at: number): void {
    this.#partial = Buffer.allocUnsafe(frameHeadBytes);
    const next = this.#take(chunk, at);
    if (this.#held < frameHeadBytes) return;
    this.#grow();
    this.#take(chunk, next);
  }

  /** Makes room for the payload, whose length is in the head. */
  #grow(): void {
    const head = this.#partial;
    this.#partial = Buffer.allocUnsafe(frameHeadBytes + this.#lengthAt(head, 0));
    this.#partial.set(head);
  }

  #take(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#partial.length - this.#held);
    this.#held += chunk.copy(this.#partial, this.#held, at, end);
    return end;
  }

  #lengthAt(bytes: Buffer, at: number): number {
    const length =
      ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
    if (length > this.#frameBytesMax) throw frameSizeError('a frame is longer than allowed');
    return length;
  }

  #emit(bytes: Buffer, at: number, end: number): void {
    this.left -= workOfFrame + ((end - at) >> 3);
    const streamId = readUint32(bytes, at + 5) & streamIdMax;
    const payload = at + frameHeadBytes;
    this.#onFrame(bytes[at + 3] as number, bytes[at + 4] as number, streamId, bytes, payload, end);
  }
}
