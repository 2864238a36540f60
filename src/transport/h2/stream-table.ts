/** The streams of a connection, and what is remembered of those that are over (RFC 9113 section 5.1). */

import type { H2Stream } from './stream.ts';

/** How many streams that the peer ended are remembered. */
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
  /** The ids of streams that the peer ended. */
  readonly #ended = new Int32Array(remembered);
  #endedAt = 0;
  /** The ids of streams that this server reset, oldest first. */
  readonly #reset = new Set<number>();
  readonly #resetMax: number;
  /** The largest id that the peer used. */
  lastId = 0;

  /**
   * At most `streamsMax` are open. As many that were reset are remembered, since all of them can be
   * reset at once while their content is on its way.
   */
  constructor(streamsMax: number) {
    this.#resetMax = streamsMax;
  }

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
    if (isByUs) this.#rememberReset(id);
    else {
      this.#ended[this.#endedAt] = id;
      this.#endedAt = (this.#endedAt + 1) % remembered;
    }
  }

  /** Why a stream with an id up to `lastId` is not open. */
  whyEnded(id: number): Ended {
    if (this.#ended.includes(id)) return 'by-peer';
    return this.#reset.has(id) ? 'by-us' : 'unknown';
  }

  #rememberReset(id: number): void {
    this.#reset.add(id);
    if (this.#reset.size <= this.#resetMax) return;
    for (const oldest of this.#reset) {
      this.#reset.delete(oldest);
      return;
    }
  }

  /** All open streams; they may be removed meanwhile. */
  all(): Iterable<H2Stream> {
    return this.#open.values();
  }
}
