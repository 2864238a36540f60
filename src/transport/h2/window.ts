/** Flow control (RFC 9113 sections 5.2 and 6.9). */

/** A window before any change, in bytes (RFC 9113 section 6.9.2). */
export const windowBytesDefault = 65_535;
/** The largest window, in bytes (RFC 9113 section 6.9.1). */
export const windowBytesMax = 2 ** 31 - 1;

/** What a peer may send. */
export class ReceiveWindow {
  /** The whole window, in bytes. */
  readonly #size: number;
  /** What it may still send, in bytes. */
  #left: number;
  /** What was consumed and not yet announced, in bytes. */
  #owed = 0;

  constructor(size: number, left: number = size) {
    this.#size = size;
    this.#left = left;
  }

  /** Takes received bytes from the window; false if the peer sent more than it may. */
  take(bytes: number): boolean {
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }

  /**
   * Gives back consumed bytes. Returns the increment to announce: 0 until it is half of the window, so
   * that a frame is not sent for each message.
   */
  give(bytes: number): number {
    this.#owed += bytes;
    if (this.#owed * 2 < this.#size) return 0;
    return this.open();
  }

  /** Announces all that is owed. */
  open(): number {
    const increment = this.#owed;
    this.#left += increment;
    this.#owed = 0;
    return increment;
  }
}
