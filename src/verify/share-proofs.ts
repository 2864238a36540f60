/** One proof for equal headers of a batch, each of which would read a record of its own. */

/**
 * Wraps a function so that calls with the same key share one result until the code that made the
 * first of them has ended. No later call shares it, since its record may have changed by then.
 */
export function createShareProofs<T>(): (key: string, prove: () => Promise<T>) => Promise<T> {
  const underway = new Map<string, Promise<T>>();
  const clear = () => underway.clear();
  return (key, prove) => {
    const shared = underway.get(key);
    if (shared !== undefined) return shared;
    if (underway.size === 0) queueMicrotask(clear);
    const proof = prove();
    underway.set(key, proof);
    return proof;
  };
}
