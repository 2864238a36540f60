/** Content that is kept until the rest of it has come. */

/** The length of what precedes a gRPC message. */
const prefixBytes = 5;

/** No content. */
export const noContent: Buffer = Buffer.alloc(0);

/**
 * A copy of what was added, in one buffer of at most twice its length: neither small parts nor what
 * was read with them are kept. If it begins with the prefix of a gRPC message, that says how
 * long it gets, so that it is rarely copied again.
 */
export class Content {
  #bytes = noContent;
  /** In bytes. */
  length = 0;

  /** Copies more content behind the rest. */
  add(data: Buffer): void {
    const length = this.length + data.length;
    if (length > this.#bytes.length) {
      const whole = wholeBytes(this.length === 0 ? data : this.#bytes.subarray(0, this.length));
      // More than it said: room for the exact length would be copied with each part, however small.
      const size = length <= whole ? Math.min(whole, 2 * length) : 2 * length;
      const grown = Buffer.allocUnsafeSlow(size);
      this.#bytes.copy(grown, 0, 0, this.length);
      this.#bytes = grown;
    }
    data.copy(this.#bytes, this.length);
    this.length = length;
  }

  /** All content, of which `last` is the rest; nothing is kept any longer. */
  take(last: Buffer): Buffer {
    if (this.length === 0) return last;
    this.add(last);
    const whole = this.#bytes.subarray(0, this.length);
    this.drop();
    return whole;
  }

  /** Keeps nothing any longer. */
  drop(): void {
    this.#bytes = noContent;
    this.length = 0;
  }
}

/** How long content gets that begins so, in bytes; infinite where it does not say so yet. */
function wholeBytes(start: Buffer): number {
  if (start.length < prefixBytes) return Number.POSITIVE_INFINITY;
  return prefixBytes + start.readUInt32BE(1);
}
