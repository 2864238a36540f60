/** Runs a task at an interval. */

/** Runs a task at an interval, in milliseconds, until stopped; a failure is left to the next run. */
export function repeat(task: () => Promise<void>, intervalMs: number): () => void {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const again = () => {
    if (stopped) return;
    timer = setTimeout(
      () =>
        task()
          .catch(() => undefined)
          .finally(again),
      intervalMs,
    ).unref();
  };
  again();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
