/** The streams of a connection, and what is remembered of those that are over (RFC 9113 section 5.1). */

import type { H2Stream } from './stream.ts';

/** How many streams that are over are remembered. */
const remembered = 64;

/** Why a stream that is over may still get frames. */
export type Ended =
  /** Its peer ended it, so that more frames are a violation. */
  | 'by-peer'
  /** This server reset it, so that what was on its way is ignored. */
  | 'by-us'
  /** It was never opened, or is over for long. */
  | 'unknown';

/** The streams of one connection. */
export class StreamTable {
  readonly #open = new Map<number, H2Stream>();
  /** The ids of streams that are over, with their sign inverted if this server reset them. */
  readonly #ended = new Int32Array(remembered);
  #endedAt = 0;
  /** The largest id that the peer used. */
  lastId = 0;

  /** How many streams are open. */
  get size(): number {
    return this.#open.size;
  }

  get(id: number): H2Stream | undefined {
    return this.#open.get(id);
  }

  add(stream: H2Stream): void {
    this.#open.set(stream.id, stream);
  }

  /** Removes a stream. */
  end(id: number, isByUs: boolean): void {
    this.#open.delete(id);
    this.#ended[this.#endedAt] = isByUs ? -id : id;
    this.#endedAt = (this.#endedAt + 1) % remembered;
  }

  /** Why a stream with an id up to `lastId` is not open. */
  whyEnded(id: number): Ended {
    if (this.#ended.includes(id)) return 'by-peer';
    return this.#ended.includes(-id) ? 'by-us' : 'unknown';
  }

  /** All open streams; they may be removed meanwhile. */
  all(): Iterable<H2Stream> {
    return this.#open.values();
  }
}
