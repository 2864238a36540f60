/** Streams whose caller must be let in for as long as they run. */

import { Unavailable } from '../../store/store.ts';

/**
 * The items of a source until `check`, which is called each `everyMs`, throws: its error is thrown at once.
 * While a caller cannot be known (Unavailable) the source goes on, since each of its items is checked too.
 */
export async function* whileLetIn<T>(
  source: AsyncIterable<T>,
  check: () => Promise<unknown>,
  everyMs: number,
): AsyncGenerator<T> {
  const items = source[Symbol.asyncIterator]();
  let refusal: { error: unknown } | undefined;
  let reject = (_error: unknown) => {};
  const timer = setInterval(() => {
    check().catch(error => {
      if (error instanceof Unavailable) return;
      refusal = { error };
      reject(error);
    });
  }, everyMs).unref();
  try {
    while (refusal === undefined) {
      // Promise.race would keep something of each item until the end.
      const next = await new Promise<IteratorResult<T>>((resolve, fail) => {
        reject = fail;
        items.next().then(resolve, fail);
      });
      if (next.done) return;
      yield next.value;
    }
    throw refusal.error;
  } finally {
    clearInterval(timer);
    // It may wait for an item that comes late or never.
    void items.return?.();
  }
}
