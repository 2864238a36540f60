/** Shows the progress of a long operation on a terminal. */

import type { Terminal } from './terminal.ts';

const step = 1000;

/** Passes items on and prints their number after every thousand. */
export async function* progress<T>(
  terminal: Terminal,
  items: AsyncIterable<T>,
  what: string,
): AsyncGenerator<T> {
  let count = 0;
  for await (const item of items) {
    yield item;
    count += 1;
    if (terminal.notesRich && count % step === 0) terminal.note(`${count} ${what} …`);
  }
}
