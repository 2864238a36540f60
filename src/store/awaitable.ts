/** Values that may be known at once: to wait for one costs more than most of what follows. */

/** A value now or later: the embedded store answers synchronously, Redis does not. */
export type Awaitable<T> = T | Promise<T>;

/**
 * Goes on with a value, at once where it is known. `onError` gets a rejection, and what `onValue` throws
 * after a wait; what is thrown at once is for the caller's own `try`. Both get `context`, so that a call
 * on a hot path needs no closure.
 */
export function mapAwaitable<T, U, C = undefined>(
  value: Awaitable<T>,
  onValue: (value: T, context: C) => U,
  onError?: (error: unknown, context: C) => U,
  context: C = undefined as C,
): Awaitable<U> {
  if (!(value instanceof Promise)) return onValue(value, context);
  const done = value.then(known => onValue(known, context));
  return onError === undefined ? done : done.catch(error => onError(error, context));
}

/** All values, in their order, at once where all are known. Rejects as `Promise.all` does. */
export function allAwaitable<T>(values: Awaitable<T>[]): Awaitable<T[]> {
  return values.some(value => value instanceof Promise) ? Promise.all(values) : (values as T[]);
}
