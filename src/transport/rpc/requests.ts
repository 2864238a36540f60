/** Request messages, or other parts of a request, as an async iterable, read no faster than its handler takes them. */

/** Most messages that wait before the caller has to. */
const waitingMax = 16;

/** The messages of one stream. */
export class Requests<T> implements AsyncIterable<T> {
  readonly #waiting: T[] = [];
  readonly #consumed: (bytes: number) => void;
  /** Content that the caller may send again once messages are taken, in bytes. */
  #owedBytes = 0;
  #isOver = false;
  #failure: unknown;
  #wake = () => {};

  /** `consumed` lets the caller send as many bytes more. */
  constructor(consumed: (bytes: number) => void) {
    this.#consumed = consumed;
  }

  /** Whether messages wait already. */
  get isBehind(): boolean {
    return this.#waiting.length > 0;
  }

  /** Adds the messages that came with so much content. */
  add(messages: readonly T[], contentBytes: number) {
    if (this.#isOver) return this.#consumed(contentBytes);
    this.#waiting.push(...messages);
    this.#owedBytes += contentBytes;
    this.#settle();
    this.#wake();
  }

  /** Ends the iterable after the messages that wait; then it throws the error, if there is one. */
  end(failure?: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#failure = failure;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      const message = this.#waiting.shift();
      if (message !== undefined) {
        this.#settle();
        yield message;
      } else if (this.#isOver) {
        if (this.#failure !== undefined) throw this.#failure;
        return;
      } else {
        await new Promise<void>(resolve => {
          this.#wake = resolve;
        });
      }
    }
  }

  #settle(): void {
    if (this.#waiting.length >= waitingMax || this.#owedBytes === 0) return;
    const bytes = this.#owedBytes;
    this.#owedBytes = 0;
    this.#consumed(bytes);
  }
}
