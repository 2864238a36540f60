/** Finds the messages in the content of a stream ("Length-Prefixed-Message"). */

import { framePrefixBytes } from '../codec/encoded-cache.ts';
import { Content } from '../rpc/content.ts';
import { tooLong } from '../rpc/rpc-error.ts';
import type { RawMessage } from './message.ts';

/** Reads messages of at most `bytesMax` bytes. */
export class MessageReader {
  readonly #bytesMax: number;
  /** What is not a whole message yet. */
  readonly #held = new Content();
  /** How many bytes are needed before there is more to find. */
  #needed = framePrefixBytes;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** How many bytes of a message are kept until the rest of it has come. */
  get heldBytes(): number {
    return this.#held.length;
  }

  /** Keeps nothing any longer. */
  drop(): void {
    this.#held.drop();
  }

  /** The messages that the content completes; throws RpcError for one that is too long. */
  read(data: Buffer): RawMessage[] {
    if (this.#held.length + data.length < this.#needed) {
      this.#held.add(data);
      return [];
    }
    const bytes = this.#held.take(data);
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
    if (at < bytes.length) this.#held.add(bytes.subarray(at));
    return messages;
  }
}
