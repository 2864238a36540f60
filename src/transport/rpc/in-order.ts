/** Works on several items of a stream at once and gives the results in the order of the items. */

/**
 * The results of `work` for each item of `source`, in order, at most `atOnceMax` of them under way:
 * the source is read no further than that ahead of whoever reads the results.
 */
export async function* inOrder<T, R>(
  source: AsyncIterable<T>,
  work: (item: T) => Promise<R>,
  atOnceMax: number,
): AsyncGenerator<R> {
  const started: Promise<R>[] = [];
  let ended = false;
  let failure: unknown;
  let stopped = false;
  let wakeReader = () => {};
  let wakeSource = () => {};

  const reading = (async () => {
    for await (const item of source) {
      if (stopped) return;
      const result = work(item);
      // It is awaited in its turn; until then a rejection must not count as unhandled.
      result.catch(() => {});
      started.push(result);
      wakeReader();
      while (started.length >= atOnceMax && !stopped) {
        await new Promise<void>(resolve => {
          wakeSource = resolve;
        });
      }
    }
  })()
    .catch(error => {
      failure = { error };
    })
    .finally(() => {
      ended = true;
      wakeReader();
    });

  try {
    for (;;) {
      const head = started[0];
      if (head) {
        yield await head;
        started.shift();
        wakeSource();
      } else if (ended) {
        await reading;
        if (failure) throw (failure as { error: unknown }).error;
        return;
      } else {
        await new Promise<void>(resolve => {
          wakeReader = resolve;
        });
      }
    }
  } finally {
    stopped = true;
    wakeSource();
  }
}
