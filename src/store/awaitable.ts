/** Continues with a value that may be known already: awaiting it would cost more than a verdict. */

import type { Awaitable } from '../../store/store.ts';

/** Calls `goOn` with the value: at once, or when its promise resolves. */
export function mapAwaitable<T, U>(value: Awaitable<T>, goOn: (value: T) => U): Awaitable<U> {
  return value instanceof Promise ? value.then(goOn) : goOn(value);
}
