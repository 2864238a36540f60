/** Processes several items of a stream concurrently and yields the results in order. */

/**
 * Yields the results of `work` for each item of `source`, in order. At most `atOnceMax` results are
 * in progress or not read yet; until one is read, the source waits. Throws what `work` or the
 * source throws, in its turn.
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
      // It is awaited in its turn; an earlier rejection must not count as unhandled.
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
