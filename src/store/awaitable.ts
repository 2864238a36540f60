/** Values that may need no wait. An `await` would cost more than most of what is done with them. */

/** A value now or later: the embedded store answers synchronously, Redis does not. */
export type Awaitable<T> = T | Promise<T>;

/**
 * Calls `onValue` with the value: at once, or after the promise resolves. `onError` gets a
 * rejection of the promise, and an error that `onValue` throws after it; one that it throws at once
 * goes to the caller. Both get `context`, so that hot paths need no closure.
 */
export function mapAwaitable<T, U, C = undefined>(
  value: Awaitable<T>,
  onValue: (value: T, context: C) => Awaitable<U>,
  onError?: (error: unknown, context: C) => U,
  context: C = undefined as C,
): Awaitable<U> {
  if (!(value instanceof Promise)) return onValue(value, context);
  const done = value.then(resolved => onValue(resolved, context));
  return onError === undefined ? done : done.catch(error => onError(error, context));
}

/** All values in order, without a wait if none is a promise. Rejects like `Promise.all`. */
export function allAwaitable<T>(values: Awaitable<T>[]): Awaitable<T[]> {
  return values.some(value => value instanceof Promise) ? Promise.all(values) : (values as T[]);
}
