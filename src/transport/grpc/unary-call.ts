/** A unary call in progress. */

import type { H2Stream } from '../h2/stream.ts';
import type { Call } from '../rpc/call.ts';
import type { Watched } from '../rpc/deadlines.ts';
import type { StrangeHead, UnaryHead } from './head.ts';

/** The call, as its handler sees it, with what belongs to it. */
export class UnaryCall implements Call {
  readonly door = 'grpc';
  readonly stream: H2Stream;
  readonly head: UnaryHead | StrangeHead;
  /** Its deadline, unless it was over in the turn in which it came. */
  watched: Pick<Watched<unknown>, 'forget'> | undefined;
  /** Content before the end of the request, and its length in bytes. */
  #content: Buffer[] | undefined;
  contentBytes = 0;
  #gone: AbortController | undefined;

  constructor(stream: H2Stream, head: UnaryHead | StrangeHead) {
    this.stream = stream;
    this.head = head;
  }

  /** Keeps content until the rest has come. */
  keep(data: Buffer): void {
    this.contentBytes += data.length;
    // What another protocol sends is not read.
    if ('answer' in this.head) return;
    // A copy: a small part must not keep all that was read with it.
    this.#content ??= [];
    this.#content.push(Buffer.from(data));
  }

  /** All content, of which `last` is the rest; nothing is kept any longer. */
  whole(last: Buffer): Buffer {
    if (this.#content === undefined) return last;
    const whole = Buffer.concat([...this.#content, last]);
    this.drop();
    return whole;
  }

  /** Forgets the content. */
  drop(): void {
    this.#content = undefined;
  }

  /** The stream is over. */
  closed(): void {
    this.drop();
    this.watched?.forget();
    this.#gone?.abort();
  }

  header(name: string): readonly string[] {
    const { fields } = this.stream.request;
    return fields.filter(field => field.name === name).map(({ value }) => value);
  }

  get peer(): string {
    return this.stream.peer;
  }

  get signal(): AbortSignal {
    if (this.#gone === undefined) {
      this.#gone = new AbortController();
      if (this.stream.isClosed) this.#gone.abort();
    }
    return this.#gone.signal;
  }
}

/** No content. */
export const noContent: Buffer = Buffer.alloc(0);
