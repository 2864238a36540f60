/** Recognises the client's connection preface (RFC 9113 section 3.4). */

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/** Compares the first bytes of a connection with the preface, however they are cut. */
export class Preface {
  #seen = 0;

  /** Whether some of it has come. */
  get hasBegun(): boolean {
    return this.#seen > 0;
  }

  /** The offset of the first byte after the preface; or that more is to come, or none is right. */
  read(chunk: Buffer): number | 'partial' | 'wrong' {
    const length = Math.min(chunk.length, preface.length - this.#seen);
    if (preface.compare(chunk, 0, length, this.#seen, this.#seen + length) !== 0) return 'wrong';
    this.#seen += length;
    return this.#seen === preface.length ? length : 'partial';
  }
}
