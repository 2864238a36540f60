/** Continues with a value or a promise without waiting for what is known: a verdict costs less. */

import type { Awaitable } from '../../store/store.ts';

/** Calls `goOn` with the value: at once, or when its promise resolves. */
export function onceKnown<T, U>(value: Awaitable<T>, goOn: (value: T) => U): Awaitable<U> {
  return value instanceof Promise ? value.then(goOn) : goOn(value);
}
