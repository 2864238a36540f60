/** Goes on with what may be known already: waiting for it costs more than most of what follows. */

import type { Awaitable } from '../../store/store.ts';

/** Goes on with a value when it is known, which may be at once. */
export function mapAwaitable<T, U>(value: Awaitable<T>, goOn: (value: T) => U): Awaitable<U> {
  return value instanceof Promise ? value.then(goOn) : goOn(value);
}
