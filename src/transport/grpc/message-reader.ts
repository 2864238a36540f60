/** Finds the messages in the content of a stream ("Length-Prefixed-Message"). */

import { framePrefixBytes } from '../codec/encoded-cache.ts';
import { type RawMessage, tooLong } from './message.ts';

/** Reads messages of at most `bytesMax` bytes. */
export class MessageReader {
  readonly #bytesMax: number;
  /** What is not a whole message yet, and its length in bytes. */
  #parts: Buffer[] = [];
  #held = 0;
  /** How many bytes are needed before there is more to find. */
  #needed = framePrefixBytes;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Whether a part of a message was read. */
  get isInside(): boolean {
    return this.#held > 0;
  }

  /** The messages that the content completes; throws RpcError for one that is too long. */
  read(data: Buffer): RawMessage[] {
    this.#held += data.length;
    if (this.#held < this.#needed) {
      // A copy: a small part must not keep all that was read with it.
      this.#parts.push(Buffer.from(data));
      return [];
    }
    const bytes = this.#parts.length === 0 ? data : Buffer.concat([...this.#parts, data]);
    const messages: RawMessage[] = [];
    let at = 0;
    for (;;) {
      this.#needed = framePrefixBytes;
      if (bytes.length - at < framePrefixBytes) break;
      const length = bytes.readUInt32BE(at + 1);
      if (length > this.#bytesMax) throw tooLong(this.#bytesMax);
      this.#needed = framePrefixBytes + length;
      const end = at + this.#needed;
      if (end > bytes.length) break;
      messages.push({
        isCompressed: bytes[at] !== 0,
        bytes: bytes.subarray(at + framePrefixBytes, end),
      });
      at = end;
    }
    this.#held = bytes.length - at;
    this.#parts = this.#held === 0 ? [] : [Buffer.from(bytes.subarray(at))];
    return messages;
  }
}
